"""Setting a password: the first one by a mailed code, another one while signed in, or none."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from api._lib.accounts import mails, passwords
from api._lib.accounts.codes import Purpose
from api._lib.accounts.events import person_event
from api._lib.accounts.model import Account, Changed, Session, SessionAnswer
from api._lib.accounts.proving import prove
from api._lib.accounts.sessions import (
    cookie_of,
    note_login,
    open_session,
    prolonged,
    session_reply,
    today,
)
from api._lib.accounts.store import codes as code_store
from api._lib.accounts.store import leaving, people
from api._lib.accounts.store import sessions as session_store
from api._lib.context import Context, User
from api._lib.db import Database, Transaction
from api._lib.errors import ApiError, bad_request, forbidden, unauthorized
from api._lib.limits import CHANGE_PASSWORD_USER, Use
from api._lib.outbox import enqueue
from api._lib.wire import Reply


class Set(Struct, frozen=True):
    """Whose first password was set and the session it opened, or why it was not."""

    account: Account | None = None
    sid: UUID | None = None
    jti: UUID | None = None
    objection: ApiError | None = None


async def set_first_password(
    ctx: Context, email: str, code: str, password: str
) -> Reply[SessionAnswer]:
    """Set the first password with a mailed code and log in; whatever is wrong with the code is
    one and the same 401."""
    if objection := passwords.objection(password, email):
        raise objection
    tried = await prove(ctx, email, Purpose.SETUP, code)
    stored = await passwords.hashed(password)
    async with ctx.db.transaction() as tx:
        done = await _set_first(tx, ctx, tried, stored)
    if done.objection is not None:
        raise done.objection
    if done.account is None or done.sid is None or done.jti is None:
        raise unauthorized("code_invalid")
    day = today(ctx, done.account)
    return session_reply(ctx, done.account, done.sid, done.jti, last_login=day)


async def _set_first(tx: Transaction, ctx: Context, tried: code_store.Tried, stored: str) -> Set:
    account = await people.lock_account(tx, tried.user_id)
    if account is None or not await code_store.consume(tx, tried.id, ctx.now):
        return Set()
    if not account.active:
        return Set(objection=forbidden("account_disabled"))
    if not await people.set_first_password_hash(tx, account.id, stored):
        return Set(objection=bad_request("password_exists"))
    sid, jti = await open_session(tx, ctx, account)
    await _keep_only(tx, account.id, sid, ctx.now, ctx.now)
    await note_login(tx, ctx, account)
    await _export(tx, account.id)
    return Set(account, sid, jti)


async def change_password(
    ctx: Context, user: User, password: str, current: str | None
) -> Reply[Changed]:
    """Change the own password and end all other sessions; this one gets its cookie anew."""
    await ctx.limits.take(Use(CHANGE_PASSWORD_USER, user.id))
    if objection := passwords.objection(password, user.email):
        raise objection
    if current is not None:
        await _check_current(ctx, user, current)
    stored = await passwords.hashed(password)
    async with ctx.db.transaction() as tx:
        account, session = await _change(tx, ctx, user, stored)
    ctx.background(ctx.mail.deliver(mails.password_changed_mail(ctx.language, account.email)))
    cookie = cookie_of(ctx, account, session.sid, session.current_jti)
    return Reply(Changed(), cookies=(cookie,))


async def _check_current(ctx: Context, user: User, current: str) -> None:
    account = await people.account_by_id(ctx.db, user.id)
    stored = account.password_hash if account is not None else None
    if not stored or not await passwords.matches(current, stored):
        raise unauthorized("current_password_wrong")


async def _change(
    tx: Transaction, ctx: Context, user: User, stored: str
) -> tuple[Account, Session]:
    account = await people.lock_account(tx, user.id)
    session = None if account is None else await _own_session(tx, ctx, user, account)
    if account is None or session is None or not account.active:
        raise unauthorized()
    await people.set_password_hash(tx, account.id, stored)
    # A token of the former server stays good, it is the one in use.
    since = ctx.now if user.sid else datetime.fromtimestamp(user.token_issued_at, UTC)
    await _keep_only(tx, account.id, session.sid, ctx.now, since)
    await _export(tx, account.id)
    return account, session


async def _own_session(
    tx: Transaction, ctx: Context, user: User, account: Account
) -> Session | None:
    if user.sid is None:
        sid, _ = await open_session(tx, ctx, account)
        return await session_store.lock_session(tx, sid)
    session = await session_store.lock_session(tx, user.sid)
    return None if session is None else await prolonged(tx, session, ctx.now)


async def _keep_only(
    tx: Transaction, user_id: str, sid: UUID, now: datetime, tokens_since: datetime
) -> None:
    await session_store.revoke_others(tx, user_id, sid, now)
    await people.set_sessions_valid_from(tx, user_id, tokens_since)


async def _export(tx: Transaction, user_id: str) -> None:
    """Tell Airtable of a new hash, only while a return to the former server must be possible."""
    if tx.settings.sync_export_password_hash:
        await enqueue(tx, [person_event(user_id, ["password_hash"])])


async def reset_password(db: Database, who: str, now: datetime) -> Account | None:
    """Take the password of the person with an id or address away, and end all their sessions.

    The next login starts with choosing a new one; nobody when there is no such person.
    """
    async with db.transaction() as tx:
        found = await people.account_by_id(tx, who) or await people.account_by_email(
            tx, who.strip().lower()
        )
        account = None if found is None else await people.lock_account(tx, found.id)
        if account is None:
            return None
        await people.set_password_hash(tx, account.id, None)
        await leaving.revoke_sessions(tx, [account.id], now)
        await _export(tx, account.id)
    return account
