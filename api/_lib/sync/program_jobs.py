"""The hourly job of the programs."""

from api._lib.programs import service as programs
from api._lib.sync.jobs import Counts, Runtime


async def roll_program_status(runtime: Runtime) -> Counts:
    """Let programs begin and end by their dates, and drop drafts that nobody went on with."""
    drafts = await programs.delete_old_drafts(runtime.ctx)
    changed = await programs.roll_program_status(runtime.ctx)
    if drafts or changed:
        runtime.outbound.wake()
    return {"changed": changed, "drafts": drafts}
