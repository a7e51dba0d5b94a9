"""Taking over records that people made in Airtable by hand (sync D7)."""

from collections.abc import Sequence

from api._lib.backend import ENTITY_FLAGS
from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.rewards import service as rewards
from api._lib.settings import Backend
from api._lib.sync.inbound.activity import store_records
from api._lib.sync.inbound.activity_apply import Batch
from api._lib.sync.inbound.activity_model import Activity
from api._lib.sync.reconcile.model import Difference
from api._lib.sync.reconcile.sides import Sides


async def adopt(ctx: Context, activity: Activity, sides: Sides, found: Sequence[Difference]) -> int:
    """Store records that have no row yet, and count the rewards of whose they are."""
    ids = {item.record_id for item in found}
    records = [record for record in sides.records.values() if record.id in ids]
    records.sort(key=lambda record: (record.created_time, record.id))
    zone = ctx.settings.notification_default_timezone
    batch = Batch(
        records=records,
        app_ids=sides.app_ids,
        read_at=sides.read_at,
        today=local_day(ctx.clock.now(), zone),
        table_id=ctx.airtable.table_id(activity.entity.table),
        overwrites=False,
        is_owner=ctx.settings.backends[ENTITY_FLAGS[activity.type]] is Backend.AIRTABLE_ONLY,
    )
    applied = await store_records(ctx, activity, batch)
    await _recount(ctx, activity, sorted(record.id for record in records))
    return applied.outcome.inserted + applied.outcome.updated


async def _recount(ctx: Context, activity: Activity, record_ids: Sequence[str]) -> None:
    relation = activity.entity.relation
    owner = "r.user_id"
    if "user_id" not in activity.columns:
        owner = "(SELECT p.user_id FROM programs AS p WHERE p.id = r.program_id)"
    rows = await ctx.db.fetch(
        f"""SELECT DISTINCT {owner}::text AS id FROM airtable_links AS l
            JOIN {relation} AS r ON r.id::text = l.entity_id
            WHERE l.entity_type = $1 AND l.airtable_record_id = ANY ($2::text[])""",
        activity.type,
        record_ids,
    )
    now, zone = ctx.clock.now(), ctx.settings.notification_default_timezone
    for row in rows:
        person = await rewards.person(ctx.db, now, zone, row["id"])
        if person is not None:
            await rewards.recalculate(ctx.db, person, now)
