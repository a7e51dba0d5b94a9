"""Whose records were taken over, and what they earn by them."""

from collections.abc import Iterable, Sequence

from api._lib.context import Context
from api._lib.db import Queries
from api._lib.rewards import service as rewards
from api._lib.sync.inbound.activity_model import Activity


async def owners_of(q: Queries, activity: Activity, record_ids: Sequence[str]) -> frozenset[str]:
    """The people whose rows these records are."""
    if not record_ids:
        return frozenset()
    owner = "r.user_id"
    if "user_id" not in activity.columns:
        owner = "(SELECT p.user_id FROM programs AS p WHERE p.id = r.program_id)"
    rows = await q.fetch(
        f"""SELECT DISTINCT {owner}::text AS id FROM airtable_links AS l
            JOIN {activity.entity.relation} AS r ON r.id::text = l.entity_id
            WHERE l.entity_type = $1 AND l.airtable_record_id = ANY ($2::text[])""",
        activity.type,
        record_ids,
    )
    return frozenset(row["id"] for row in rows)


async def recount(ctx: Context, user_ids: Iterable[str]) -> None:
    """Count the rewards of people anew, each in a transaction of its own."""
    now, zone = ctx.clock.now(), ctx.settings.notification_default_timezone
    for user_id in sorted(user_ids):
        person = await rewards.person(ctx.db, now, zone, user_id)
        if person is not None:
            await rewards.recalculate(ctx.db, person, now)
