"""Spreading methods over training dates without any intelligence."""

from collections.abc import Sequence

from api._lib.programs.rules.brief import BriefMethod
from api._lib.programs.rules.calendar import TrainingDate
from api._lib.programs.rules.plan import PlannedDay, planned_day

MAX_PER_SESSION = 3


def per_session(methods: int, dates: int) -> int:
    """How many methods a session gets: enough to use all of them, at most three."""
    return min(MAX_PER_SESSION, max(1, -(-methods // dates)))


def distribute(methods: Sequence[str], dates: int) -> list[list[str]]:
    """The methods of each session, dealt in turn; nothing when either side is empty."""
    if not methods or not dates:
        return []
    size = per_session(len(methods), dates)
    turns = (range(n * size, (n + 1) * size) for n in range(dates))
    return [[methods[turn % len(methods)] for turn in session] for session in turns]


def simple_schedule(
    methods: Sequence[BriefMethod], dates: Sequence[TrainingDate]
) -> list[PlannedDay]:
    """A session on every date, with the methods dealt in reference order."""
    known = {method.id: method for method in methods}
    sessions = distribute(list(known), len(dates))
    return [
        planned_day(when, (known[id] for id in session))
        for when, session in zip(dates, sessions, strict=False)
    ]
