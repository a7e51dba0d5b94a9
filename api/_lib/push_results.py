"""What became of a push, as the answer of the push service tells."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from msgspec import Struct

LONGEST_WAIT = 86_400.0


class Outcome(StrEnum):
    """What became of a push."""

    OK = "ok"
    GONE = "gone"
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    REJECTED = "rejected"
    TOO_LARGE = "too_large"
    BAD_KEYS = "bad_keys"
    FORBIDDEN = "forbidden"
    NOT_CONFIGURED = "not_configured"


class PushResult(Struct, frozen=True):
    """The outcome, the service's status if it answered, and the seconds it asks us to wait."""

    outcome: Outcome
    status: int | None = None
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the push service took the message."""
        return self.outcome is Outcome.OK

    @property
    def retryable(self) -> bool:
        """Whether a later try may succeed."""
        return self.outcome in (Outcome.THROTTLED, Outcome.TRANSIENT)

    @property
    def text(self) -> str:
        """The outcome in words that reveal nothing of the service."""
        if self.status is not None:
            return f"push service answered {self.status}"
        return "network error" if self.retryable else self.outcome.value.replace("_", " ")


def outcome_of(status: int) -> Outcome:
    """What a push service's status means."""
    if 200 <= status < 300:
        return Outcome.OK
    if status == 408 or status >= 500:
        return Outcome.TRANSIENT
    known = {404: Outcome.GONE, 410: Outcome.GONE, 413: Outcome.TOO_LARGE, 429: Outcome.THROTTLED}
    return known.get(status, Outcome.REJECTED)


def seconds_to_wait(header: str | None, now: float) -> float | None:
    """Seconds until the moment of a Retry-After header: a number, or a date of HTTP."""
    if not header:
        return None
    try:
        wait = float(header) if header.isdecimal() else _moment(header) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _moment(header: str) -> float:
    moment = parsedate_to_datetime(header)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
