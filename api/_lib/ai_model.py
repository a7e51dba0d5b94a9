"""What is asked of the language model, and how that can fail."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Question(msgspec.Struct, frozen=True):
    """What is asked, and the strict JSON schema of the answer."""

    system: str
    user: str
    schema_name: str
    schema: Mapping[str, Any]
    max_tokens: int
    temperature: float = 0.7


class Limits(msgspec.Struct, frozen=True):
    """Seconds for one request, for everything together, and before the one more try."""

    attempt: float = 60.0
    overall: float = 90.0
    pause: float = 0.5


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
