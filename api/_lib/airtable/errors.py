"""What can go wrong with a request to Airtable, by what the caller must do about it (sync 11.8)."""

OBSTACLES = {
    "open": "the breaker is open after errors of Airtable",
    "paused": "Airtable asked for a pause",
    "busy": "no turn came in time",
}
"""Why nothing may be sent, for people."""


class AirtableError(Exception):
    """A request that did not succeed; the text holds no token and no cell values."""

    def __init__(self, text: str, *, status: int | None = None, kind: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.kind = kind
        """Airtable's own name of the error."""
        self.probe = False
        """Whether this was the one request that tried whether an outage is over."""


class NotSentError(AirtableError):
    """Nothing was sent: no slot in time, a pause, an open breaker, or no credentials."""

    def __init__(self, reason: str, retry_in: float) -> None:
        super().__init__(f"not sent: {OBSTACLES.get(reason, reason)}")
        self.reason = reason
        self.retry_in = retry_in
        """Seconds after which another try makes sense."""


class TooLateError(Exception):
    """The slot passed before the request could start."""


class ThrottledError(AirtableError):
    """429: everybody pauses."""


class TransientError(AirtableError):
    """Network trouble, a timeout, 408 or 5xx: the same request may succeed later."""

    may_have_run = True

    @classmethod
    def unsent(cls, text: str) -> "TransientError":
        """No connection could be made, so Airtable never saw the request."""
        error = cls(text)
        error.may_have_run = False
        return error


class ConfigurationError(AirtableError):
    """The token, the base, a table or a field is not what the settings say."""


class MissingError(AirtableError):
    """A record that is not there: 404, or 403 that does not tell missing from forbidden."""


class RefusedError(AirtableError):
    """422, 413 or another 4xx: Airtable will never accept this request."""
