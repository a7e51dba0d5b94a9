"""Logging in by mail: asking for a link, opening it, or typing its code."""

import time
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from api._lib.accounts import readthrough
from api._lib.accounts.codes import REPEATABLE, Purpose, is_token, token_hash
from api._lib.accounts.model import Account, SessionAnswer
from api._lib.accounts.pace import even_out
from api._lib.accounts.proving import prove
from api._lib.accounts.rules.sessions import is_open
from api._lib.accounts.sending import Issued, issue, send_login_mail
from api._lib.accounts.sessions import note_login, open_session, session_reply, today
from api._lib.accounts.store import codes as store
from api._lib.accounts.store import people
from api._lib.accounts.store import sessions as session_store
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.errors import forbidden, unauthorized
from api._lib.limits import LINK_ADDRESS, MAGIC_LINK_ADDRESS, Use
from api._lib.wire import Reply


class Opened(Struct, frozen=True):
    """Whose secret it was and the session it opens; without one the person may not come in."""

    account: Account
    sid: UUID | None = None
    jti: UUID | None = None
    is_new: bool = False


async def request_link(ctx: Context, email: str) -> None:
    """Send a login mail to an active person; nobody can tell from outside whether that happened."""
    began = time.monotonic()
    address = ctx.client_address
    if address and await ctx.limits.wait_after(Use(MAGIC_LINK_ADDRESS, address)):
        return
    account = await people.account_by_email(ctx.db, email)
    issued = await issue(ctx, account, Purpose.LOGIN)
    # Sending begins after the wait, or its work would delay the answers of known addresses.
    await even_out(began)
    ctx.background(_send(ctx, email, account, issued))


async def _send(ctx: Context, email: str, account: Account | None, issued: Issued | None) -> None:
    if account is None:
        account = await readthrough.find_by_email(ctx, email)
        issued = None if account is None else await issue(ctx, account, Purpose.LOGIN)
    if account is not None and issued is not None:
        await send_login_mail(ctx, account, issued)


async def open_link(ctx: Context, token: str) -> Reply[SessionAnswer]:
    """Log in with the token of a link; raises a 401, or a 403 for who may not come in."""
    uses = [Use(LINK_ADDRESS, ctx.client_address)] if ctx.client_address else []
    async with ctx.limits.failures(*uses):
        opened = await _opened(ctx, token)
    return _answer(ctx, opened)


async def _opened(ctx: Context, token: str) -> Opened:
    opened = None
    if is_token(token):
        async with ctx.db.transaction() as tx:
            opened = await _open(tx, ctx, token_hash(token))
    if opened is None:
        raise unauthorized("link_invalid")
    return opened


async def _open(tx: Transaction, ctx: Context, hashed: str) -> Opened | None:
    owner = await store.owner_of_link(tx, hashed)
    account = None if owner is None else await people.lock_account(tx, owner)
    link = await store.lock_link(tx, hashed)
    if link is None or account is None:
        return None
    if link.consumed_at is not None:
        return await _again(tx, account, link, ctx.now)
    return await _first(tx, ctx, account, link.id) if link.expires_at >= ctx.now else None


async def _again(
    tx: Transaction, account: Account, link: store.Link, now: datetime
) -> Opened | None:
    """The session a link opened a moment ago, for a page that reloaded itself (F-A5)."""
    if link.session_sid is None or link.consumed_at is None:
        return None
    session = await session_store.lock_session(tx, link.session_sid)
    if session is None or not is_open(session, now) or now - link.consumed_at > REPEATABLE:
        return None
    return Opened(account, session.sid, session.current_jti) if account.active else None


async def _first(tx: Transaction, ctx: Context, account: Account, code_id: UUID) -> Opened:
    if not account.active:
        await store.consume(tx, code_id, ctx.now)
        return Opened(account)
    sid, jti = await open_session(tx, ctx, account)
    await store.consume(tx, code_id, ctx.now, sid)
    await note_login(tx, ctx, account)
    return Opened(account, sid, jti, is_new=True)


async def enter_code(ctx: Context, email: str, code: str) -> Reply[SessionAnswer]:
    """Log in with the code of a mail; raises one and the same 401 for whatever is wrong."""
    tried = await prove(ctx, email, Purpose.LOGIN, code)
    async with ctx.db.transaction() as tx:
        opened = await _enter(tx, ctx, tried)
    if opened is None:
        raise unauthorized("code_invalid")
    return _answer(ctx, opened)


async def _enter(tx: Transaction, ctx: Context, tried: store.Tried) -> Opened | None:
    account = await people.lock_account(tx, tried.user_id)
    if account is None or not await store.consume(tx, tried.id, ctx.now):
        return None
    if not account.active:
        return Opened(account)
    sid, jti = await open_session(tx, ctx, account)
    await note_login(tx, ctx, account)
    return Opened(account, sid, jti, is_new=True)


def _answer(ctx: Context, opened: Opened) -> Reply[SessionAnswer]:
    if opened.sid is None or opened.jti is None:
        raise forbidden("account_disabled")
    day = today(ctx, opened.account) if opened.is_new else None
    return session_reply(ctx, opened.account, opened.sid, opened.jti, last_login=day)
