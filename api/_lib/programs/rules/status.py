"""Whether a program is planned, running or finished, and whether two get in each other's way."""

from datetime import date

from api._lib.programs.model import Status


def by_dates(start: date, end: date, today: date) -> Status:
    """The status that follows from the dates alone; both ends belong to the program."""
    if today < start:
        return Status.PLANNED
    return Status.FINISHED if today > end else Status.ACTIVE


def effective(stored: Status, start: date, end: date, today: date) -> Status:
    """The status to show and act on: once finished, a program stays finished."""
    return stored if stored is Status.FINISHED else by_dates(start, end, today)


def overlap(start: date, end: date, other_start: date, other_end: date) -> bool:
    """Whether two periods share a day."""
    return start <= other_end and end >= other_start
