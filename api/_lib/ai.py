"""Asking the language model for an answer of a given JSON form."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from api._lib import metrics
from api._lib.ai_model import (
    AiError,
    AiInvalid,
    AiNotConfigured,
    AiRefusal,
    AiTimeout,
    AiTruncated,
    AiUnavailable,
    Limits,
    Question,
)
from api._lib.settings import Settings

if TYPE_CHECKING:
    from api._lib.ai_service import Service

__all__ = [
    "AiClient",
    "AiError",
    "AiInvalid",
    "AiNotConfigured",
    "AiRefusal",
    "AiTimeout",
    "AiTruncated",
    "AiUnavailable",
    "Limits",
    "Question",
]

T = TypeVar("T")
logger = logging.getLogger(__name__)
LONGEST_PAUSE = 10.0


class AiClient:
    """The connection to the service, made once per process."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._service = _connect(settings, self._limits) if settings.openai_api_key else None

    @property
    def configured(self) -> bool:
        """Whether there is a key to ask with."""
        return self._service is not None

    async def ask(self, question: Question, accept: Callable[[Any], T]) -> T:
        """Return what `accept` makes of the answer; raises AiError after at most one more try.

        `accept` gets the decoded JSON and raises AiInvalid when it cannot be used.
        """
        try:
            async with asyncio.timeout(self._limits.overall):
                result = await self._ask_twice(question, accept)
        except TimeoutError:
            raise self._failed(AiTimeout("no answer within the overall limit")) from None
        except AiError as error:
            raise self._failed(error) from None
        metrics.ai_calls.labels("ok").inc()
        return result

    async def close(self) -> None:
        """Close the connections."""
        if self._service is not None:
            await self._service.close()

    def _failed(self, error: AiError) -> AiError:
        metrics.ai_calls.labels(error.outcome).inc()
        logger.error("no answer from the model", extra=_described(error))
        return error

    async def _ask_twice(self, question: Question, accept: Callable[[Any], T]) -> T:
        try:
            return await self._ask_once(question, accept)
        except AiError as error:
            if error.retry_after is None or error.retry_after > LONGEST_PAUSE:
                raise
            logger.warning("asking the model again", extra=_described(error))
            await asyncio.sleep(error.retry_after)
        return await self._ask_once(question, accept)

    async def _ask_once(self, question: Question, accept: Callable[[Any], T]) -> T:
        if self._service is None:
            raise AiNotConfigured("no key")
        return accept(await self._service.answer(question))


def _connect(settings: Settings, limits: Limits) -> "Service":
    # The library takes a third of the time of a start; without a key nobody needs it.
    from api._lib.ai_service import Service

    return Service(settings, limits)


def _described(error: AiError) -> dict[str, str]:
    return {"outcome": error.outcome, "reason": str(error)}
