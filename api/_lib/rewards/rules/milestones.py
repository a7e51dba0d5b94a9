"""Milestones of a program: a quarter, a half, three quarters, all of it."""

from collections.abc import Collection
from datetime import date

from api._lib.rewards.model import Entry, Kind, Progress

POINTS = {25: 25, 50: 50, 75: 75, 100: 100}
"""Bonus points per percentage, as the progress card of the web client shows them (R-D1)."""

MINIMUM_PLANNED = 4
"""Smaller programs pay no milestones, so that they cannot be used to farm points."""


def reached(planned: int, done: int) -> list[int]:
    """The percentages a program has reached, never rounded up."""
    if planned < MINIMUM_PLANNED:
        return []
    return [threshold for threshold in POINTS if done * 100 >= threshold * planned]


def ref(program_id: object, threshold: int) -> str:
    """How the ledger names a milestone of a program."""
    return f"{program_id}:{threshold}"


def entries(progress: Progress | None, paid: Collection[int], day: date | None) -> list[Entry]:
    """Ledger entries for the milestones now reached and never paid before."""
    if progress is None:
        return []
    program = progress.program_id
    return [
        Entry(Kind.MILESTONE, ref(program, threshold), POINTS[threshold], program, day)
        for threshold in reached(progress.planned, progress.done)
        if threshold not in paid
    ]
