"""What a request carries: its query and its body, each within its bounds."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from api._lib.context import Context
from api._lib.errors import ApiError, Kind, bad_request

BODY_LIMIT = 102_400
BODY_LIMITS = {"/api/programs/confirm": 262_144}
SYNC_BODY_LIMIT = 65_536


class DisconnectedError(Exception):
    """The client went away before its request was complete."""


async def read_once(ctx: Context, receive: Receive) -> None:
    """Read the body unless a guard did; asking again would wait for the client to hang up."""
    if not ctx.body_is_read:
        ctx.raw_body = await _read_body(ctx, receive)
        ctx.body_is_read = True


async def _read_body(ctx: Context, receive: Receive) -> bytes:
    """The whole body within its limit; raises a 413 or 415 for one we do not take."""
    limit = _body_limit(ctx.scope["route_template"])
    if _int_or_zero(ctx.headers.get("content-length")) > limit:
        raise ApiError(Kind.TOO_LARGE, "body_too_large")
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if size > limit:
            raise ApiError(Kind.TOO_LARGE, "body_too_large")
    if size:
        _check_type(ctx)
    return b"".join(chunks)


def _body_limit(route: str) -> int:
    """How many bytes a route takes."""
    default = SYNC_BODY_LIMIT if route.startswith("/api/sync/") else BODY_LIMIT
    return BODY_LIMITS.get(route, default)


def _int_or_zero(text: str | None) -> int:
    """A header's number; 0 when it is none."""
    return int(text) if text and text.isdecimal() else 0


def _check_type(ctx: Context) -> None:
    kind, *parameters = (part.strip() for part in ctx.headers.get("content-type", "").split(";"))
    charsets = [
        part.lower().removeprefix("charset=").strip('"')
        for part in parameters
        if part.lower().startswith("charset=")
    ]
    packed = ctx.headers.get("content-encoding", "identity").lower() != "identity"
    if kind.lower() != "application/json" or packed or charsets not in ([], ["utf-8"], ["utf8"]):
        raise ApiError(Kind.UNSUPPORTED_TYPE, "unsupported_type")


def query_pairs(scope: Scope) -> Sequence[tuple[str, str]]:
    """Query parameters in order, blanks kept; raises a 400 for one that is no UTF-8."""
    text = scope["query_string"].decode("latin-1")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise bad_request("bad_path") from None


def is_well_formed(raw_path: bytes) -> bool:
    """Whether every escape of a path is complete and together they are UTF-8."""
    if re.search(rb"%(?![0-9A-Fa-f]{2})", raw_path):
        return False
    try:
        re.sub(rb"%([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit[1], 16)]), raw_path).decode()
    except UnicodeDecodeError:
        return False
    return True
