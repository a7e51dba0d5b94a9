"""Who may call a handler; every handler states its guard, there is no default."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from msgspec import Struct, structs

from api._lib.accounts import service as accounts
from api._lib.context import Admin, Context, Headers, User
from api._lib.errors import ApiError, Kind, forbidden, unauthorized
from api._lib.limits import SECRET_ADDRESS, Bucket, Use
from api._lib.settings import Settings

H = TypeVar("H", bound=Callable[..., Any])
REFRESH_COOKIE = accounts.REFRESH_COOKIE


class Access(Enum):
    """The kinds of guard."""

    PUBLIC = "public"
    REFRESH_COOKIE = "refresh cookie"
    SECRET = "secret"  # noqa: S105 - the name of a guard
    USER = "user"
    ADMIN = "admin"


class Switch(Struct, frozen=True):
    """Whether the settings allow a handler at all, and the answer where they do not."""

    allows: Callable[[Settings], bool]
    message: str
    kind: Kind = Kind.FORBIDDEN


class Guard(Struct, frozen=True):
    """A kind of guard and, for secrets, the setting that holds the secret."""

    access: Access
    secret: str | None = None
    switch: Switch | None = None


class Proof(Struct, frozen=True):
    """How a caller shows that it knows a secret."""

    header: str
    signature_header: str | None = None


PROOFS = {
    "CACHE_INVALIDATION_SECRET": Proof("x-cache-secret"),
    "AIRTABLE_INBOUND_SYNC_SECRET": Proof("x-sync-secret", "x-signature"),
    "AIRTABLE_USER_SYNC_SECRET": Proof("x-sync-secret", "x-signature"),
}


def public(handler: H) -> H:
    """Anyone may call this handler."""
    return _state(handler, Guard(Access.PUBLIC))


def refresh_cookie(handler: H) -> H:
    """Only callers that bring the cookie of a session; what it is worth the handler finds out."""
    return _state(handler, Guard(Access.REFRESH_COOKIE))


def secret(name: str) -> Callable[[H], H]:
    """Only callers that know the secret of this setting; when it is unset, nobody (F-H7)."""
    if name not in PROOFS:
        raise TypeError(f"no secret is called {name}")
    return lambda handler: _state(handler, Guard(Access.SECRET, name))


def only_where(
    allows: Callable[[Settings], bool], message: str, kind: Kind = Kind.FORBIDDEN
) -> Callable[[H], H]:
    """Only where the settings allow it; elsewhere callers get this whatever they send (F21)."""

    def switched(handler: H) -> H:
        handler.__switch__ = Switch(allows, message, kind)  # type: ignore[attr-defined]  # functions take attributes
        return handler

    return switched


def stated_guard(handler: Callable[..., Any], parameters: dict[str, Any]) -> Guard | None:
    """The guard a handler states by decorator or by asking for a user; None when it states none."""
    stated: Guard | None = getattr(handler, "__guard__", None)
    switch: Switch | None = getattr(handler, "__switch__", None)
    if parameters.get("admin") is Admin:
        return Guard(Access.ADMIN, switch=switch)
    if parameters.get("user") is User:
        return Guard(Access.USER, switch=switch)
    return structs.replace(stated, switch=switch) if stated and switch else stated


def is_signed(guard: Guard, headers: Headers) -> bool:
    """Whether the proof of a request is over its body, which must then be read first."""
    signature = PROOFS[guard.secret].signature_header if guard.secret else None
    return signature is not None and signature in headers


async def pass_guard(guard: Guard, ctx: Context) -> None:
    """Let a request through or raise a 401, 403 or 429; a user it finds is put into the context."""
    if guard.access is Access.PUBLIC:
        return
    if guard.access is Access.REFRESH_COOKIE:
        if not ctx.cookies.get(REFRESH_COOKIE):
            raise unauthorized()
    elif guard.access is Access.SECRET:
        await _check_secret(guard.secret or "", ctx)
    else:
        await _check_token(guard.access, ctx)
    if guard.switch is not None and not guard.switch.allows(ctx.settings):
        raise ApiError(guard.switch.kind, guard.switch.message)


async def _check_token(access: Access, ctx: Context) -> None:
    scheme, _, token = ctx.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        raise unauthorized()
    ctx.user = await accounts.authenticate(ctx, token)
    if access is Access.ADMIN and not ctx.user.is_admin:
        raise forbidden()


async def _check_secret(name: str, ctx: Context) -> None:
    expected: str | None = getattr(ctx.settings, name.lower())
    if expected and _proves(PROOFS[name], expected, ctx):
        return
    await count_failure(ctx, SECRET_ADDRESS)
    raise unauthorized()


def _proves(proof: Proof, expected: str, ctx: Context) -> bool:
    signed_only = bool(proof.signature_header) and ctx.settings.airtable_sync_require_signature
    given = ctx.headers.get(proof.header, "")
    if given and not signed_only:
        return same_text(given, expected)
    if not proof.signature_header:
        return False
    signature = ctx.headers.get(proof.signature_header, "").removeprefix("sha256=")
    digest = hmac.new(expected.encode(), ctx.raw_body, hashlib.sha256).hexdigest()
    return bool(signature) and same_text(signature.lower(), digest)


async def count_failure(ctx: Context, bucket: Bucket) -> None:
    """Count a failed proof of an address; raises a 429 when there were too many."""
    if ctx.client_address:
        await ctx.limits.take(Use(bucket, ctx.client_address))


def same_text(given: str, expected: str) -> bool:
    """Compare two texts in a time that tells nothing about them."""
    digests = (hashlib.sha256(text.encode()).digest() for text in (given, expected))
    return hmac.compare_digest(*digests)


def _state(handler: H, guard: Guard) -> H:
    handler.__guard__ = guard  # type: ignore[attr-defined]  # functions take attributes
    return handler


def airtable_mac(mac_secret: str, body: bytes) -> str:
    """The value of Airtable's `X-Airtable-Content-MAC` header for a ping."""
    key = base64.b64decode(mac_secret)
    return "hmac-sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
