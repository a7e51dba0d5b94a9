"""Room for a program: real programs refuse to share their days, drafts give way."""

from collections.abc import Sequence
from datetime import date

from api._lib.errors import conflict
from api._lib.programs.contracts import Period, Shelf
from api._lib.wire import Key


async def check_room(
    shelf: Shelf, period: Period, today: date, own: Key | None = None
) -> Sequence[Key]:
    """The drafts over these days, which give way; raises a 409 for a real program there."""
    found = await shelf.overlapping(period, today, own)
    if found.blocking:
        raise conflict("program_overlap")
    return found.drafts
