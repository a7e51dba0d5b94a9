"""Logging in with a password, and finding out whether there is one."""

import asyncio
import time

from api._lib.accounts import passwords, readthrough
from api._lib.accounts.codes import Purpose
from api._lib.accounts.model import Account, PasswordSetup, SessionAnswer
from api._lib.accounts.pace import blur, even_out
from api._lib.accounts.sending import issue, send_setup_mail
from api._lib.accounts.sessions import note_login, open_session, session_reply, today
from api._lib.accounts.store import people
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.errors import ApiError, Kind, forbidden, unauthorized
from api._lib.limits import (
    LOGIN_ACCOUNT,
    LOGIN_ACCOUNT_AND_ADDRESS,
    LOGIN_ADDRESS,
    LOGIN_WITHOUT_PASSWORD_ADDRESS,
    Use,
)
from api._lib.wire import Reply

LONGEST_PASSWORD = 1_024
Answer = Reply[SessionAnswer | PasswordSetup]


async def login(ctx: Context, email: str, password: str | None) -> Answer:
    """Log in with a password; without one, tell which step comes next.

    Unknown, blocked and wrong look the same from outside; the exceptions are a right password of
    a blocked person, and people who must choose a first password, who get a code by mail.
    """
    if password is None:
        return await _first_step(ctx, email)
    async with ctx.limits.failures(*_uses(ctx, email)):
        account = await people.account_by_email(ctx.db, email)
        if account is None:
            account = await _newcomer(ctx, email, password)
        if not _lacks_password(account):
            await _compare(account, password)
    if _lacks_password(account):
        return await _ask_for_setup(ctx, account)
    if not account.active:
        raise forbidden("account_disabled")
    return await _enter(ctx, account, password)


async def _first_step(ctx: Context, email: str) -> Answer:
    if ctx.client_address:
        await ctx.limits.take(Use(LOGIN_WITHOUT_PASSWORD_ADDRESS, ctx.client_address))
    began = time.monotonic()
    account = await people.account_by_email(ctx.db, email)
    if account is None:
        account = await readthrough.find_by_email(ctx, email)
    if account is not None and _lacks_password(account):
        return await _ask_for_setup(ctx, account)
    await even_out(began)
    raise ApiError(Kind.BAD_REQUEST, "password_required")


def _uses(ctx: Context, email: str) -> list[Use]:
    """Counted per account and address first, so that strangers lock nobody out (F-A12)."""
    address = ctx.client_address
    uses = [Use(LOGIN_ACCOUNT, email), Use(LOGIN_ACCOUNT_AND_ADDRESS, f"{email}|{address}")]
    return [*uses, Use(LOGIN_ADDRESS, address)] if address else uses


def _lacks_password(account: Account) -> bool:
    return account.active and not account.password_hash


async def _newcomer(ctx: Context, email: str, password: str) -> Account:
    """Somebody Airtable knows; asking it hides behind the comparison that unknown people get."""
    account, _ = await asyncio.gather(
        readthrough.find_by_email(ctx, email), passwords.matches(password, passwords.NOBODY)
    )
    if account is None:
        raise await _wrong_password()
    return account


async def _compare(account: Account, password: str) -> None:
    """Raises a 401 unless it is the person's password; without one nothing is right."""
    is_right = await passwords.matches(password, account.password_hash or passwords.NOBODY)
    if not (account.password_hash and is_right) or len(password) > LONGEST_PASSWORD:
        raise await _wrong_password()


async def _wrong_password() -> ApiError:
    await blur()
    return unauthorized("wrong_password")


async def _ask_for_setup(ctx: Context, account: Account) -> Answer:
    """Mail a code for a first password, unless one was sent a moment ago (F-A13)."""
    issued = await issue(ctx, account, Purpose.SETUP)
    if issued is not None:
        ctx.background(send_setup_mail(ctx, account, issued))
    return Reply(PasswordSetup(email=account.email))


async def _enter(ctx: Context, account: Account, password: str) -> Answer:
    stronger = None
    if passwords.is_weak(account.password_hash or ""):
        stronger = await passwords.hashed(password)
    async with ctx.db.transaction() as tx:
        now = await _still_allowed(tx, account)
        if now.password_hash == account.password_hash:
            if stronger is not None:
                await people.set_password_hash(tx, now.id, stronger)
            sid, jti = await open_session(tx, ctx, now)
            await note_login(tx, ctx, now)
            reply = session_reply(ctx, now, sid, jti, last_login=today(ctx, now))
            return Reply(reply.data, cookies=reply.cookies)
    # Another one, or a stronger hash of the same that a login elsewhere stored a moment ago.
    await _compare(now, password)
    return await _enter(ctx, now, password)


async def _still_allowed(tx: Transaction, account: Account) -> Account:
    """The person as they are after the long comparison; raises a 401 or 403."""
    now = await people.lock_account(tx, account.id)
    if now is None:
        raise unauthorized("wrong_password")
    if not now.active:
        raise forbidden("account_disabled")
    return now
