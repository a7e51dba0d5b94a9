"""What people see and change of themselves, and what administrators look up."""

from api._lib.accounts.events import person_event
from api._lib.accounts.model import UserView, view_of
from api._lib.accounts.store import people
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import not_found, unauthorized
from api._lib.limits import LOOKUP_USER, Use
from api._lib.messages import Language
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue


def me(user: User) -> UserView:
    """The user as the client sees them."""
    return view_of(user)


async def change_profile(
    ctx: Context, user: User, name: str | None, language: Language | None
) -> UserView:
    """Change the own name or language; None leaves it, and nothing to change tells nobody."""
    async with ctx.db.transaction() as tx:
        account = await people.lock_account(tx, user.id)
        if account is None:
            raise unauthorized()
        new = {
            "name": name or account.name,
            "language_code": language or account.language_code,
        }
        changed = [column for column, value in new.items() if value != getattr(account, column)]
        if changed:
            await people.set_profile(tx, user.id, new["name"] or "", new["language_code"])
            await _tell(tx, user.id, changed)
        account = await people.account_by_id(tx, user.id)
    if account is None:
        raise unauthorized()
    return view_of(account)


async def _tell(tx: Transaction, user_id: str, changed: list[str]) -> None:
    if "language_code" in changed:
        await notifications.mark_for_planning(tx, user_id, "language")
    await enqueue(tx, [person_event(user_id, changed)])


async def lookup(ctx: Context, user: User, email: str) -> UserView:
    """The person with an address, for administrators; others find only themselves (F-A11)."""
    await ctx.limits.take(Use(LOOKUP_USER, user.id))
    account = await people.account_by_email(ctx.db, email)
    if account is None or not (user.is_admin or account.id == user.id):
        raise not_found()
    return view_of(account)
