"""Taking over records that people made in Airtable by hand (sync D7)."""

from collections.abc import Sequence

from api._lib.backend import lives_in_airtable
from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.sync.inbound.activity import store_records
from api._lib.sync.inbound.activity_apply import Batch
from api._lib.sync.inbound.activity_model import Activity
from api._lib.sync.inbound.recounting import owners_of, recount
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
        is_owner=lives_in_airtable(ctx.settings, activity.type),
    )
    applied = await store_records(ctx, activity, batch)
    await recount(ctx, await owners_of(ctx.db, activity, [record.id for record in records]))
    return applied.outcome.inserted + applied.outcome.updated
