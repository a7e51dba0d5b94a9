"""Who a valid access token stands for."""

from api._lib.accounts import tokens
from api._lib.accounts.gathering import gathered
from api._lib.accounts.model import Account, language_of
from api._lib.accounts.sessions import is_valid_legacy
from api._lib.context import Context, User
from api._lib.errors import forbidden, unauthorized


async def authenticate(ctx: Context, token: str) -> User:
    """The active user of an access token, found by one query; raises a 401 or 403."""
    claims = tokens.verify(ctx.settings.jwt_secret, "access", token, ctx.now)
    if claims is None:
        raise unauthorized()
    account, is_live = await gathered(ctx.db).find(claims.user_id, claims.sid)
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
        language=language_of(account),
        zone=account.zone or ctx.settings.notification_default_timezone,
        sid=claims.sid,
        token_issued_at=claims.issued_at,
        companies=account.companies,
        created_at=account.created_at,
        last_login_on=account.last_login_on,
    )
