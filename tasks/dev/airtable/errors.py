"""The refusals of the service, with its status codes and its two shapes of error body."""

from typing import Any


class AirtableError(Exception):
    """A request the service refuses; `body` is the JSON it answers."""

    def __init__(self, status: int, kind: str, message: str | None = None) -> None:
        super().__init__(message or kind)
        self.status = status
        self.kind = kind
        self.message = message

    @property
    def body(self) -> dict[str, Any]:
        """The error document: a bare string when there is no message, as for NOT_FOUND."""
        if self.message is None:
            return {"error": self.kind}
        return {"error": {"type": self.kind, "message": self.message}}


def unauthorized() -> AirtableError:
    """The token is missing or unknown."""
    return AirtableError(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def no_access() -> AirtableError:
    """The base, table or scope is out of reach; the service does not say which."""
    return AirtableError(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user "
        "and your token have the required permissions, and that the model names and/or ids "
        "are correct.",
    )


def not_found() -> AirtableError:
    """The path or the record does not exist."""
    return AirtableError(404, "NOT_FOUND")


def invalid(kind: str, message: str) -> AirtableError:
    """The request is understood but refused as a whole (422)."""
    return AirtableError(422, kind, message)


def bad_request(message: str) -> AirtableError:
    """A parameter or the body has the wrong form (422, the service's catch-all)."""
    return invalid("INVALID_REQUEST_UNKNOWN", f"Invalid request: {message}")


def bad_value(field: str, reason: str = "the provided value") -> AirtableError:
    """A cell refuses its value."""
    return invalid("INVALID_VALUE_FOR_COLUMN", f'Field "{field}" cannot accept {reason}')


def rate_limited() -> AirtableError:
    """Too many requests; the base stays closed for a while."""
    return RateLimitError(429, "RATE_LIMIT_REACHED", "Rate limit exceeded. Please try again later")


class RateLimitError(AirtableError):
    """A 429, whose body lists its errors instead of naming one."""

    @property
    def body(self) -> dict[str, Any]:
        """The error document in its plural form."""
        return {"errors": [{"error": self.kind, "message": self.message}]}
