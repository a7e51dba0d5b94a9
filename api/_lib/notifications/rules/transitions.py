"""What a planning run may do to the reminders that are stored already (R5, R6)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from api._lib.notifications.model import Change, Plan, Reminder, Status, Stored
from api._lib.notifications.rules.instants import is_late

OPEN = (Status.PENDING, Status.SKIPPED)
PLANNABLE = (*OPEN, Status.CANCELLED)
"""Planning never touches the others: on their way, sent or given up."""


def changes(
    wanted: Sequence[Reminder], stored: Iterable[Stored], today: date, now: datetime
) -> Plan:
    """What to write so that the table holds the plan; nothing when it does already (F5).

    What is left of past days is the sender's, which lets it run out.
    """
    by_key = {row.key: row for row in stored}
    keys = {reminder.key for reminder in wanted}
    new = [r for r in wanted if r.key not in by_key and not is_late(r.fire_at, now)]
    known = [(by_key[r.key], r) for r in wanted if r.key in by_key]
    kept = [change for row, r in known if (change := _updated(row, r, now)) is not None]
    gone = [row for row in by_key.values() if row.key not in keys and row.status in OPEN]
    return Plan(new, [*kept, *(_cancelled(row) for row in gone if row.day >= today)])


def _updated(row: Stored, wanted: Reminder, now: datetime) -> Change | None:
    if row.status not in PLANNABLE or _is_as_wanted(row, wanted):
        return None
    moves = row.fire_at != wanted.fire_at
    if row.status in OPEN and moves and is_late(wanted.fire_at, now):
        # Its old instant is not wanted any more, its new one has passed.
        return _cancelled(row)
    if row.status is Status.PENDING:
        return Change(row.id, wanted.status, wanted)
    return _revived(row, wanted, now)


def _revived(row: Stored, wanted: Reminder, now: datetime) -> Change | None:
    if wanted.status is Status.PENDING:
        return None if is_late(wanted.fire_at, now) else Change(row.id, Status.PENDING, wanted)
    return Change(row.id, Status.SKIPPED, wanted) if row.status is Status.SKIPPED else None


def _is_as_wanted(row: Stored, wanted: Reminder) -> bool:
    return (
        row.status is wanted.status
        and row.fire_at == wanted.fire_at
        and row.expires_at == wanted.expires_at
        and row.day == wanted.day
        and row.payload == wanted.payload
    )


def _cancelled(row: Stored) -> Change:
    return Change(row.id, Status.CANCELLED)
