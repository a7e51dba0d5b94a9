"""One request to the language model by its library, whose import takes long."""

import asyncio
import ssl
from functools import cache
from typing import Any

from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    OpenAIError,
)
from openai import Timeout as HttpTimeout

from api._lib import ai_answer
from api._lib.ai_model import AiTimeout, AiUnavailable, Limits, Question
from api._lib.settings import Settings


@cache
def _system_trust() -> ssl.SSLContext:
    """Left to itself, the library reads all certificates for each client: once is enough."""
    return ssl.create_default_context()


class Service:
    """The service under its address, with the key for it."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._model = settings.openai_model
        self._limits = limits
        self._client = AsyncOpenAI(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            organization=settings.openai_org_id,
            project=settings.openai_project_id,
            timeout=HttpTimeout(limits.attempt, connect=10.0),
            # The library's own tries would multiply ours.
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(verify=_system_trust()),
        )

    async def answer(self, question: Question) -> Any:
        """Ask once; the decoded JSON. Raises AiError."""
        try:
            async with asyncio.timeout(self._limits.attempt):
                sent = await self._complete(question)
        except (TimeoutError, APITimeoutError):
            raise AiTimeout("no answer within the limit of one request") from None
        except OpenAIError as error:
            raise _unavailable(error, self._limits.pause) from None
        return ai_answer.read(sent)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _complete(self, question: Question) -> bytes:
        # The library would build its objects without validation; anything may be missing in them.
        response = await self._client.chat.completions.with_raw_response.create(
            model=self._model,
            messages=[
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
            temperature=question.temperature,
            max_completion_tokens=question.max_tokens,
            response_format={
                "type": "json_schema",
                "json_schema": {
                    "name": question.schema_name,
                    "strict": True,
                    "schema": dict(question.schema),
                },
            },
        )
        return response.content


def _unavailable(error: OpenAIError, shortest: float) -> AiUnavailable:
    # Only status and code: the service's text may quote the key or the prompt.
    if isinstance(error, APIStatusError):
        reason = f"status {error.status_code}, code {error.code}, request {error.request_id}"
    else:
        reason = type(error).__name__
    unavailable = AiUnavailable(reason)
    unavailable.retry_after = _pause(error, shortest)
    return unavailable


def _pause(error: OpenAIError, shortest: float) -> float | None:
    """Seconds to wait before the one retry, None when it would not help."""
    if isinstance(error, APIConnectionError):
        return shortest
    if not isinstance(error, APIStatusError):
        return None
    if error.status_code not in (408, 429) and error.status_code < 500:
        return None
    try:
        return max(shortest, float(error.response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return shortest
