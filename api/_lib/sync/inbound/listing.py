"""Full listings: one worker at a time per table, every table on its own (N8)."""

import logging
from collections.abc import Awaitable, Callable, Iterable

from api._lib.context import Context
from api._lib.sync.gates import end_run
from api._lib.sync.inbound.content import import_content
from api._lib.sync.inbound.content_tables import ContentTable
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.locks import exclusive

log = logging.getLogger(__name__)

Listing = Callable[[], Awaitable[Outcome]]


class BusyError(Exception):
    """Another process lists the table all the time."""


class ListingFailedError(Exception):
    """Some tables could not be listed; the others were."""


async def list_content(
    ctx: Context, table: ContentTable, *, confirmed: bool = False, patience: float = 0.0
) -> Outcome | None:
    """List a content table under its lock; None when another process is at it."""
    return await listed(
        ctx, table.name, lambda: import_content(ctx, table, confirmed), patience=patience
    )


async def listed(
    ctx: Context, name: str, listing: Listing, *, patience: float = 0.0
) -> Outcome | None:
    """Run a listing under the lock of its table and note how it ended; raises what it raises."""
    async with exclusive(ctx.db, f"listing:{name}", patience) as mine:
        if not mine:
            return None
        gate = f"listing:{name}"
        try:
            outcome = await listing()
        except Exception as error:
            await end_run(ctx.db, gate, f"{type(error).__name__}: {error}")
            raise
        counts = {**outcome.counts(), "rows": outcome.read}
        await end_run(ctx.db, gate, outcome.warning, counts, outcome.failed)
        return outcome


async def list_all(
    ctx: Context, listings: Iterable[tuple[str, Callable[[], Awaitable[Outcome | None]]]]
) -> dict[str, object]:
    """Run listings one after the other; raises ListingFailedError after the last one."""
    failed, changed, read = [], 0, 0
    for name, run in listings:
        try:
            outcome = await run()
        except Exception as error:
            reason = {"table": name, "reason": f"{type(error).__name__}: {error}"}
            log.warning("a table could not be listed", extra=reason)
            failed.append(name)
            continue
        if outcome is not None:
            read += outcome.read
            changed += outcome.inserted + outcome.updated + outcome.removed
    if failed:
        raise ListingFailedError(", ".join(failed))
    return {"read": read, "changed": changed}
