"""The recount: the one function behind everything that changes what a person has earned."""

from datetime import date, datetime

from api._lib.db import Transaction
from api._lib.outbox import Event
from api._lib.rewards import store
from api._lib.rewards.model import Account, Activity, Settlement
from api._lib.rewards.rules.settlement import current_standing, settle
from api._lib.rewards.service.events import USER_PRIORITY, reward_events


async def lock(tx: Transaction, user_id: str) -> None:
    """Hold a user's rewards: before anything is recorded, and before sessions go.

    Rows are locked in the order user, program, rewards; take the others first.
    """
    if not await store.lock(tx, user_id):
        await store.open_account(tx, user_id)
        await store.lock(tx, user_id)


async def lock_for_removal(tx: Transaction, user_id: str, today: date) -> Activity:
    """Hold a user's rewards before a program goes; `count` with the outcome after it has gone.

    The longest streak stays, even where nobody had looked since it was reached.
    """
    await lock(tx, user_id)
    facts = await store.read(tx, user_id, today)
    return Activity(longest_streak=current_standing(facts, today)[0].longest_streak)


async def count(
    tx: Transaction, user_id: str, today: date, activity: Activity | None = None
) -> list[Event]:
    """Recount after an activity, while holding `lock`; enqueue the events it returns."""
    facts = await store.count(tx, user_id, today, activity or Activity())
    return await apply(tx, user_id, facts.account, settle(facts, today, activity))


async def apply(
    tx: Transaction,
    user_id: str,
    before: Account,
    result: Settlement,
    *,
    announced_at: datetime | None = None,
    priority: int = USER_PRIORITY,
) -> list[Event]:
    """Store the outcome of a recount where it differs; enqueue the events it returns."""
    if not differs(before, result):
        return []
    await store.write(tx, user_id, result.account, result.entries, announced_at)
    return reward_events(tx.settings, user_id, before, result, priority)


def differs(before: Account, result: Settlement) -> bool:
    """Whether a recount found anything new."""
    return result.account != before or bool(result.entries)
