"""Whether a typed code is the one that was mailed, at five tries per code and no more."""

import time

from api._lib.accounts.codes import MOST_TRIES, NOBODY, Purpose, code_hash, same
from api._lib.accounts.pace import even_out
from api._lib.accounts.store import codes as store
from api._lib.accounts.store.codes import Tried
from api._lib.context import Context
from api._lib.errors import unauthorized
from api._lib.limits import CODE_ACCOUNT, Use


async def prove(ctx: Context, email: str, purpose: Purpose, code: str) -> Tried:
    """The code a guess fits; raises one and the same 401 for everything that is wrong with it."""
    async with ctx.limits.failures(Use(CODE_ACCOUNT, email)):
        return await _tried(ctx, email, purpose, code)


async def _tried(ctx: Context, email: str, purpose: Purpose, code: str) -> Tried:
    began = time.monotonic()
    tried = await store.attempt(ctx.db, email, purpose, ctx.now, MOST_TRIES)
    user_id, expected = (NOBODY, None) if tried is None else (tried.user_id, tried.code_hash)
    given = code_hash(ctx.settings.jwt_secret, purpose, user_id, code)
    if not same(given, expected) or tried is None:
        await even_out(began)
        raise unauthorized("code_invalid")
    return tried
