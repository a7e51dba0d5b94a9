"""Opening, refreshing and ending sessions."""

import logging
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from msgspec import structs

from api._lib.accounts import tokens
from api._lib.accounts.events import person_event
from api._lib.accounts.model import Account, Session, SessionAnswer, view_of
from api._lib.accounts.readthrough import find_by_id
from api._lib.accounts.rules.sessions import (
    GRACE,
    SESSION_LIFE,
    Refresh,
    decide_refresh,
    extended,
    is_open,
)
from api._lib.accounts.store import people
from api._lib.accounts.store import sessions as store
from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.db import DatabaseUnavailableError, Transaction
from api._lib.errors import ApiError, forbidden, unauthorized
from api._lib.limits import REFRESH_BAD_COOKIE_ADDRESS, REFRESH_SESSION, Use
from api._lib.outbox import enqueue
from api._lib.wire import Cookie, Reply

log = logging.getLogger(__name__)
REFRESH_COOKIE = "refreshToken"
COOKIE_SECONDS = int(timedelta(days=7).total_seconds())
CLEARED = Cookie(REFRESH_COOKIE, "", 0)
FAMILIES = ("Edg", "Firefox", "Chrome", "Safari")


async def open_session(tx: Transaction, ctx: Context, account: Account) -> tuple[UUID, UUID]:
    """Store a new session in the caller's transaction; its id and its token's."""
    sid, jti = uuid4(), uuid4()
    expires_at = ctx.now + SESSION_LIFE
    await store.insert_session(tx, account.id, sid, jti, ctx.now, expires_at, _family(ctx))
    return sid, jti


async def note_login(tx: Transaction, ctx: Context, account: Account) -> None:
    """Store today's login and its event; a failure here never spoils the login (F-A19)."""
    try:
        async with tx.savepoint():
            if await people.set_last_login(tx, account.id, today(ctx, account)):
                await enqueue(tx, [person_event(account.id, ["last_login"])])
    except Exception:
        log.exception("the login day could not be stored", extra={"user_id": account.id})


def today(ctx: Context, account: Account) -> date:
    """The person's calendar day (F-A22)."""
    return local_day(ctx.now, account.zone, ctx.settings.notification_default_timezone)


def session_reply(
    ctx: Context, account: Account, sid: UUID, jti: UUID, last_login: date | None = None
) -> Reply[SessionAnswer]:
    """The session answer with both tokens."""
    secret = ctx.settings.jwt_secret
    access = tokens.issue(secret, "access", account.id, account.email, ctx.now, sid)
    return Reply(
        SessionAnswer(user=view_of(account, last_login), access_token=access),
        cookies=(cookie_of(ctx, account, sid, jti),),
    )


def cookie_of(ctx: Context, account: Account, sid: UUID, jti: UUID) -> Cookie:
    """The cookie with the refresh token of a session."""
    secret = ctx.settings.jwt_secret
    token = tokens.issue(secret, "refresh", account.id, account.email, ctx.now, sid, jti)
    return Cookie(REFRESH_COOKIE, token, COOKIE_SECONDS)


async def prolonged(tx: Transaction, session: Session, now: datetime) -> Session | None:
    """A locked session that lasts from now on; nothing when it is over."""
    if not is_open(session, now):
        return None
    longer = structs.replace(session, expires_at=extended(session.created_at, now))
    await store.update_session(tx, longer, now)
    return longer


async def refresh(ctx: Context) -> Reply[SessionAnswer]:
    """New tokens for the session of the presented cookie; raises a 401 that clears a bad one."""
    token = ctx.cookies.get(REFRESH_COOKIE, "")
    claims = tokens.verify(ctx.settings.jwt_secret, "refresh", token, ctx.now)
    if claims is None:
        raise await _bad_cookie(ctx)
    await ctx.limits.take(Use(REFRESH_SESSION, str(claims.sid or claims.user_id)))
    found = await _refreshed(ctx, claims)
    if found is None and claims.sid is None and await find_by_id(ctx, claims.user_id):
        # A cookie of the former server, whose owner was not taken over yet.
        found = await _refreshed(ctx, claims)
    if found is None:
        raise await _bad_cookie(ctx)
    account, session = found
    return session_reply(ctx, account, session.sid, session.current_jti)


async def _bad_cookie(ctx: Context) -> ApiError:
    if ctx.client_address:
        await ctx.limits.take(Use(REFRESH_BAD_COOKIE_ADDRESS, ctx.client_address))
    return unauthorized(clear_session=True)


async def _refreshed(ctx: Context, claims: tokens.Claims) -> tuple[Account, Session] | None:
    async with ctx.db.transaction() as tx:
        account = await people.account_by_id(tx, claims.user_id)
        if account is None:
            return None
        if not account.active:
            raise forbidden("account_disabled", clear_session=True)
        session = await _continue(tx, ctx, account, claims)
    return None if session is None else (account, session)


async def _continue(
    tx: Transaction, ctx: Context, account: Account, claims: tokens.Claims
) -> Session | None:
    """What the session becomes; nothing when the token does not open it (any more)."""
    if claims.sid is None:
        return await _adopt_legacy(tx, ctx, account, claims)
    session = await store.lock_session(tx, claims.sid)
    if session is None or session.user_id != account.id or not is_open(session, ctx.now):
        return None
    decision = decide_refresh(session, claims.jti, claims.issued_at, ctx.now)
    if decision is Refresh.REVOKE:
        await store.revoke_session(tx, session.sid, ctx.now)
        return None
    changed = _changed(session, decision, ctx)
    await store.update_session(tx, changed, ctx.now)
    return changed


def _changed(session: Session, decision: Refresh, ctx: Context) -> Session:
    expires_at = extended(session.created_at, ctx.now)
    if decision is Refresh.ROTATE:
        return structs.replace(
            session,
            current_jti=uuid4(),
            previous_jti=session.current_jti,
            previous_jti_until=None,
            expires_at=expires_at,
        )
    until = session.previous_jti_until
    if decision is Refresh.REPEAT and until is None:
        until = ctx.now + GRACE
    return structs.replace(session, previous_jti_until=until, expires_at=expires_at)


async def _adopt_legacy(
    tx: Transaction, ctx: Context, account: Account, claims: tokens.Claims
) -> Session | None:
    """A session for a token of the former server, if nothing revoked it since."""
    # Held, or a change of the password at this moment would not end the session opened here.
    held = await people.lock_account(tx, account.id)
    if held is None or not held.active or not is_valid_legacy(held, claims.issued_at):
        return None
    sid, _ = await open_session(tx, ctx, held)
    return await store.lock_session(tx, sid)


def is_valid_legacy(account: Account, issued_at: int) -> bool:
    """Whether a token without session was issued after the last revocation of all."""
    since = account.sessions_valid_from
    return since is None or issued_at >= int(since.timestamp())


async def logout(ctx: Context) -> None:
    """Revoke the session of the presented cookie, if it is one of ours and Postgres is there."""
    token = ctx.cookies.get(REFRESH_COOKIE, "")
    claims = tokens.verify(ctx.settings.jwt_secret, "refresh", token, ctx.now)
    if claims is None or claims.sid is None:
        return
    try:
        await store.revoke_session(ctx.db, claims.sid, ctx.now)
    except DatabaseUnavailableError as error:
        # The next person at that computer must not be let in: the cookie goes all the same.
        log.warning("a session could not be revoked", extra={"reason": str(error)})


def _family(ctx: Context) -> str | None:
    agent = ctx.headers.get("user-agent", "")
    return next((family for family in FAMILIES if family in agent), None)
