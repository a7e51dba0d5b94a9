"""Room for a program: real programs refuse to share their days, drafts give way."""

from datetime import date

from api._lib.db import Queries, Transaction
from api._lib.errors import conflict
from api._lib.outbox import Event
from api._lib.programs.service.events import programs_gone
from api._lib.programs.store import dates
from api._lib.wire import Key


async def make_room(
    tx: Transaction, user_id: str, start: date, end: date, today: date
) -> list[Event]:
    """Delete drafts over these days; raises a 409 for a real program there. Hold the user first."""
    found = await dates.overlapping(tx, user_id, (start, end), today)
    if found.blocking:
        raise conflict("program_overlap")
    gone = await dates.delete_drafts(tx, found.drafts) if found.drafts else []
    if len(gone) < len(found.drafts):
        raise conflict("program_overlap")
    return programs_gone(user_id, gone)


async def check_room(
    db: Queries, user_id: str, start: date, end: date, today: date, own: Key | None = None
) -> None:
    """Refuse days that another real program has; raises a 409."""
    found = await dates.overlapping(db, user_id, (start, end), today, own)
    if found.blocking:
        raise conflict("program_overlap")
