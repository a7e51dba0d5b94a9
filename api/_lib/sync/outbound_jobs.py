"""The jobs of the sending half."""

from api._lib.sync.jobs import Counts, Runtime
from api._lib.sync.reaper import reap


async def drain_outbox(runtime: Runtime) -> Counts:
    """Send what is due, for at most 45 seconds; a commit usually came first with its own call."""
    return {"events": await runtime.outbound.drain()}


async def reap_leases(runtime: Runtime) -> Counts:
    """Return what dead workers held and what waits for nothing any more."""
    touched = await reap(runtime.db, runtime.settings)
    if touched:
        runtime.outbound.wake()
    return {"events": touched}


async def check_base(runtime: Runtime) -> Counts:
    """Look at the schema of the base, and let go what waited for an App ID field."""
    schema = await runtime.outbound.schema_book.check()
    return {"tablesWithoutAppId": len(schema.tables_without_app_id)}
