"""Asking the language model for an answer of a given JSON form."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError
from openai import Timeout as HttpTimeout
from openai.types.chat import ChatCompletion

from api._lib import metrics
from api._lib.settings import Settings

T = TypeVar("T")
logger = logging.getLogger(__name__)
RETRY_PAUSE = 0.5
LONGEST_PAUSE = 10.0


class Question(msgspec.Struct, frozen=True):
    """What is asked, and the strict JSON schema of the answer."""

    system: str
    user: str
    schema_name: str
    schema: Mapping[str, Any]
    max_tokens: int
    temperature: float = 0.7


class Limits(msgspec.Struct, frozen=True):
    """Seconds for one request and for everything together."""

    attempt: float = 60.0
    overall: float = 90.0


class AiError(Exception):
    """No usable answer; the text is for logs, never for people."""

    outcome = "error"
    retry_after: float | None = None


class AiNotConfigured(AiError):
    """There is no key."""

    outcome = "not_configured"


class AiUnavailable(AiError):
    """The service cannot be reached or refuses the request."""

    outcome = "unavailable"


class AiTimeout(AiError):
    """The answer did not come in time."""

    outcome = "timeout"


class AiUnusable(AiError):
    """The model answered, but not with what was asked."""

    retry_after = 0.0


class AiRefusal(AiUnusable):
    """The model declined."""

    outcome = "refusal"


class AiTruncated(AiUnusable):
    """The answer was cut off by the token limit."""

    outcome = "truncated"


class AiInvalid(AiUnusable):
    """The answer is empty, no JSON, or was not accepted by the caller."""

    outcome = "invalid"


class AiClient:
    """The connection to the service, made once per process."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self._model = settings.openai_model
        self._limits = limits or Limits()
        self._client = self._connect(settings) if settings.openai_api_key else None

    @property
    def configured(self) -> bool:
        """Whether there is a key to ask with."""
        return self._client is not None

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
        if self._client is not None:
            await self._client.close()

    def _connect(self, settings: Settings) -> AsyncOpenAI:
        # The library's own tries would multiply ours.
        return AsyncOpenAI(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            organization=settings.openai_org_id,
            project=settings.openai_project_id,
            timeout=HttpTimeout(self._limits.attempt, connect=10.0),
            max_retries=0,
        )

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
        if self._client is None:
            raise AiNotConfigured("no key")
        try:
            async with asyncio.timeout(self._limits.attempt):
                completion = await _complete(self._client, self._model, question)
        except (TimeoutError, APITimeoutError):
            raise AiTimeout("no answer within the limit of one request") from None
        except OpenAIError as error:
            raise _unavailable(error) from None
        except ValueError:
            raise AiInvalid("the service did not send JSON") from None
        return accept(_content(completion))


async def _complete(client: AsyncOpenAI, model: str, question: Question) -> ChatCompletion:
    return await client.chat.completions.create(
        model=model,
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


def _content(completion: ChatCompletion) -> Any:
    # The library builds its objects without validation; anything may be missing.
    if not isinstance(completion, ChatCompletion) or not completion.choices:
        raise AiInvalid("no choice in the answer")
    _count(completion)
    choice = completion.choices[0]
    if choice.finish_reason == "length":
        raise AiTruncated("cut off by the token limit")
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise AiRefusal("the model declined")
    try:
        return msgspec.json.decode(choice.message.content or "")
    except msgspec.DecodeError:
        raise AiInvalid("the content is not JSON") from None


def _count(completion: ChatCompletion) -> None:
    if completion.usage:
        metrics.ai_tokens.labels("prompt").inc(completion.usage.prompt_tokens)
        metrics.ai_tokens.labels("completion").inc(completion.usage.completion_tokens)


def _unavailable(error: OpenAIError) -> AiUnavailable:
    # Only status and code: the service's text may quote the key or the prompt.
    if isinstance(error, APIStatusError):
        reason = f"status {error.status_code}, code {error.code}, request {error.request_id}"
    else:
        reason = type(error).__name__
    unavailable = AiUnavailable(reason)
    unavailable.retry_after = _pause(error)
    return unavailable


def _pause(error: OpenAIError) -> float | None:
    """Seconds to wait before the one retry, None when it would not help."""
    if isinstance(error, APIConnectionError):
        return RETRY_PAUSE
    if not isinstance(error, APIStatusError):
        return None
    if error.status_code not in (408, 429) and error.status_code < 500:
        return None
    try:
        return max(RETRY_PAUSE, float(error.response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return RETRY_PAUSE


def _described(error: AiError) -> dict[str, str]:
    return {"outcome": error.outcome, "reason": str(error)}
