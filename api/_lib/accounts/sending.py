"""Issuing a one-time code and mailing it, after the answer and outside the request."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from api._lib.accounts import mails
from api._lib.accounts.codes import (
    CODE_LIFE,
    NOBODY,
    Purpose,
    code_hash,
    new_code,
    new_token,
    token_hash,
)
from api._lib.accounts.model import Account, language_of
from api._lib.accounts.store import codes as store
from api._lib.context import Context
from api._lib.limits import MAIL_ACCOUNT_HOUR, MAIL_ACCOUNT_SHORT
from api._lib.mail import OutgoingMail


class Issued(Struct, frozen=True):
    """A stored code and its secrets, which exist nowhere but here and in the mail."""

    id: UUID
    to: str
    code: str
    token: str


async def issue(ctx: Context, account: Account | None, purpose: Purpose) -> Issued | None:
    """Store a new code unless one was sent a moment ago; for nobody the same work is done."""
    token, code = new_token(), new_code()
    user_id = NOBODY if account is None else account.id
    stored = store.Issue(
        user_id=user_id,
        purpose=purpose,
        token_hash=token_hash(token) if purpose is Purpose.LOGIN else None,
        code_hash=code_hash(ctx.settings.jwt_secret, purpose, user_id, code),
        now=ctx.now,
        expires_at=ctx.now + CODE_LIFE,
        short_since=ctx.now - timedelta(seconds=MAIL_ACCOUNT_SHORT.seconds),
        long_since=ctx.now - timedelta(seconds=MAIL_ACCOUNT_HOUR.seconds),
        most_short=ctx.limits.most(MAIL_ACCOUNT_SHORT),
        most_long=ctx.limits.most(MAIL_ACCOUNT_HOUR),
    )
    code_id = await store.issue(ctx.db, stored)
    if code_id is None or account is None:
        return None
    return Issued(code_id, account.email, code, token)


async def send_login_mail(ctx: Context, account: Account, issued: Issued) -> None:
    """Send link and code."""
    link = f"{ctx.settings.app_url}/auth/verify?token={issued.token}"
    language = language_of(account) or ctx.language
    await _send(ctx, issued, mails.login_mail(language, issued.to, link, issued.code))


async def send_setup_mail(ctx: Context, account: Account, issued: Issued) -> None:
    """Send the code for a first password."""
    language = language_of(account) or ctx.language
    await _send(ctx, issued, mails.setup_mail(language, issued.to, issued.code))


async def _send(ctx: Context, issued: Issued, mail: OutgoingMail) -> None:
    if not await ctx.mail.deliver(mail):
        await store.discard(ctx.db, issued.id)
