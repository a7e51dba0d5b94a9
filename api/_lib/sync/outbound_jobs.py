"""The jobs of the sending half."""

from api._lib.notifications import service as notifications
from api._lib.sync import letters, retention
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
    return {"events": touched, "reminders": await notifications.reap_leases(runtime.ctx)}


async def check_base(runtime: Runtime) -> Counts:
    """Look at the schema of the base, and let go what waited for an App ID field."""
    await runtime.outbound.schema_book.check()
    # The gate keeps what the check found, so there is nothing to count here.
    return None


async def replay_dead_letters(runtime: Runtime) -> Counts:
    """Try again what died of an outage that is over."""
    if await runtime.resources.airtable.limiter.obstacle():
        return None
    replayed = await letters.replay_due(runtime.db)
    return {"replayed": replayed}


async def replay_period(runtime: Runtime) -> float | None:
    """How often to look for such letters."""
    return runtime.settings.dead_letter_replay_seconds


async def purge(runtime: Runtime) -> Counts:
    """Remove what is past its time."""
    return await retention.purge(runtime.db, runtime.settings)
