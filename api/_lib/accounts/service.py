"""What others may do with accounts: the guard, the ways in, the ways out."""

from api._lib.accounts import passwords, tokens
from api._lib.accounts.leaving import Removal, mark_people_deleted, note_complete_listing
from api._lib.accounts.model import (
    Account,
    PasswordSetup,
    SessionAnswer,
    UserView,
    view_of,
)
from api._lib.accounts.provisioning import Arrival, Reading, apply_airtable_users, rivals_of
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.accounts.sessions import (
    CLEARED,
    REFRESH_COOKIE,
    is_valid_legacy,
    logout,
    note_login,
    open_session,
    refresh,
    session_reply,
    today,
)
from api._lib.accounts.store import people
from api._lib.context import Context, User
from api._lib.errors import ApiError, Kind, forbidden, unauthorized
from api._lib.limits import (
    LOGIN_ACCOUNT,
    LOGIN_ACCOUNT_AND_ADDRESS,
    LOGIN_ADDRESS,
    LOGIN_WITHOUT_PASSWORD_ADDRESS,
    Use,
)
from api._lib.messages import LANGUAGES, Language
from api._lib.wire import Reply

__all__ = [
    "CLEARED",
    "REFRESH_COOKIE",
    "Arrival",
    "Reading",
    "Removal",
    "Verdict",
    "apply_airtable_users",
    "authenticate",
    "login",
    "logout",
    "mark_people_deleted",
    "me",
    "note_complete_listing",
    "refresh",
    "rivals_of",
]
LONGEST_PASSWORD = 1_024


async def authenticate(ctx: Context, token: str) -> User:
    """The active user of an access token, found by one query; raises a 401 or 403."""
    claims = tokens.verify(ctx.settings.jwt_secret, "access", token, ctx.now)
    if claims is None:
        raise unauthorized()
    account, is_live = await people.account_with_session(ctx.db, claims.user_id, claims.sid)
    if account is None:
        raise unauthorized()
    if not account.active:
        raise forbidden("account_disabled")
    if not (is_live if claims.sid else is_valid_legacy(account, claims.issued_at)):
        raise unauthorized()
    return _user(ctx, account, claims)


def _user(ctx: Context, account: Account, claims: tokens.Claims) -> User:
    return User(
        id=account.id,
        presented_id=claims.user_id,
        email=account.email,
        name=account.name,
        role=account.role,
        language=_language(account.language_code),
        zone=account.zone or ctx.settings.notification_default_timezone,
        sid=None if claims.sid is None else str(claims.sid),
        token_issued_at=claims.issued_at,
        companies=account.companies,
        created_at=account.created_at,
        last_login_on=account.last_login_on,
    )


def _language(code: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == code), None)


def me(user: User) -> UserView:
    """The user as the client sees them."""
    return view_of(user)


async def login(
    ctx: Context, email: str, password: str | None
) -> Reply[SessionAnswer | PasswordSetup]:
    """Log in with a password; without one, tell which step comes next."""
    if password is None:
        return await _first_step(ctx, email)
    uses = _login_uses(ctx, email)
    await ctx.limits.take(*uses)
    account = await people.account_by_email(ctx.db, email)
    if account is not None and account.active and not account.password_hash:
        await ctx.limits.refund(*uses)
        return Reply(PasswordSetup(email=account.email))
    account = await _checked(account, password)
    await ctx.limits.refund(*uses)
    if not account.active:
        raise forbidden("account_disabled")
    return await _enter(ctx, account, password)


async def _first_step(ctx: Context, email: str) -> Reply[SessionAnswer | PasswordSetup]:
    if ctx.client_address:
        await ctx.limits.take(Use(LOGIN_WITHOUT_PASSWORD_ADDRESS, ctx.client_address))
    account = await people.account_by_email(ctx.db, email)
    if account is not None and account.active and not account.password_hash:
        return Reply(PasswordSetup(email=account.email))
    raise ApiError(Kind.BAD_REQUEST, "password_required")


def _login_uses(ctx: Context, email: str) -> list[Use]:
    address = ctx.client_address
    uses = [Use(LOGIN_ACCOUNT, email), Use(LOGIN_ACCOUNT_AND_ADDRESS, f"{email}|{address}")]
    return [*uses, Use(LOGIN_ADDRESS, address)] if address else uses


async def _checked(account: Account | None, password: str) -> Account:
    stored = account.password_hash if account is not None else None
    is_right = await passwords.matches(password, stored or passwords.NOBODY)
    if account is None or not stored or not is_right or len(password) > LONGEST_PASSWORD:
        raise unauthorized("wrong_password")
    return account


async def _enter(
    ctx: Context, account: Account, password: str
) -> Reply[SessionAnswer | PasswordSetup]:
    stronger = None
    if passwords.is_weak(account.password_hash or ""):
        stronger = await passwords.hashed(password)
    async with ctx.db.transaction() as tx:
        if stronger is not None:
            await people.set_password_hash(tx, account.id, stronger)
        sid, jti = await open_session(tx, ctx, account)
        await note_login(tx, ctx, account)
    reply = session_reply(ctx, account, sid, jti, last_login=today(ctx, account))
    return Reply(reply.data, cookies=reply.cookies)
