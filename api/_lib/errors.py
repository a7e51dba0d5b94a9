"""The errors a request can end in; each becomes the envelope in one place."""

from collections.abc import Mapping
from enum import IntEnum


class Kind(IntEnum):
    """What went wrong, as the HTTP status it is answered with."""

    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    CONFLICT = 409
    TOO_LARGE = 413
    UNSUPPORTED_TYPE = 415
    TOO_MANY = 429
    INTERNAL = 500
    BAD_GATEWAY = 502
    UNAVAILABLE = 503
    GATEWAY_TIMEOUT = 504


class ApiError(Exception):
    """An answer that is not a success: a status, a sentence of the catalogue, its parameters."""

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        clear_session: bool = False,
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.headers = headers
        self.clear_session = clear_session
        self.params = params or {}


def bad_request(message: str, **params: object) -> ApiError:
    """400: the request cannot be understood or is not allowed as it is."""
    return ApiError(Kind.BAD_REQUEST, message, params=params)


def unauthorized(message: str = "unauthorized", *, clear_session: bool = False) -> ApiError:
    """401: nobody is known to be asking."""
    return ApiError(Kind.UNAUTHORIZED, message, clear_session=clear_session)


def forbidden(message: str = "forbidden", *, clear_session: bool = False) -> ApiError:
    """403: known, but not allowed."""
    return ApiError(Kind.FORBIDDEN, message, clear_session=clear_session)


def not_found(message: str = "not_found") -> ApiError:
    """404: unknown, or somebody else's."""
    return ApiError(Kind.NOT_FOUND, message)


def conflict(message: str, **params: object) -> ApiError:
    """409: the state of things forbids it."""
    return ApiError(Kind.CONFLICT, message, params=params)


def too_many(seconds: int, message: str = "too_many_requests") -> ApiError:
    """429 with the seconds to wait."""
    headers = (("retry-after", str(max(1, seconds))),)
    minutes = max(1, -(-seconds // 60))
    return ApiError(Kind.TOO_MANY, message, headers=headers, params={"minutes": minutes})


def unavailable(message: str = "unavailable") -> ApiError:
    """503: a part that is needed is away, paused or not configured."""
    return ApiError(Kind.UNAVAILABLE, message)
