"""What people change before a backlog is drained: about 2,000 records of every kind."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct

from benchmarks.cases import confirmation, goal_completion, user
from benchmarks.seed import BELIEFS, HABITS, METHODS

PEOPLE, PROGRAMS = 100, 10
CONTENT = {
    "tblg0lHLnqYIkfvPV": ("habits", "Name"),
    "tblB0QvbGg3zWARt4": ("methods", "Methode Naam"),
    "tbl6ngkyNrv0LFzGb": ("goals", "Doelstelling Naam"),
    "tblS3gleG8cSlWOJ3": ("weekdays", "Name"),
    "tbl42zgwzkwq3s0cO": ("beliefs", "Name"),
}
"""Tables of Airtable with the relation that holds the same records, and their title."""


class Change(Struct, frozen=True):
    """A request of the person with this number."""

    owner: int
    path: str
    body: dict[str, Any]


def changes() -> Iterator[Change]:
    """Ticks, completions, goals and beliefs of a hundred people, and programs of ten."""
    for number in range(PEOPLE):
        for path, body in _of_person(number):
            yield Change(number, path, body)
    for number in range(PROGRAMS):
        yield Change(number, *confirmation(number))


def ticked(number: int, nth: int) -> tuple[str, dict[str, Any]]:
    """The nth habit that somebody ticks today."""
    habit = f"recHabi{1 + nth % HABITS:010d}"
    body = {"userId": user(number), "goedeGewoonteId": habit, "date": date.today().isoformat()}
    return "/api/habit-usage", body


def _of_person(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    who, today = user(number), date.today().isoformat()
    for nth in range(4):
        yield ticked(number, nth)
    for nth in range(4):
        method = f"recMeth{1 + (number + nth) % METHODS:010d}"
        yield "/api/method-usage", {"userId": who, "methodId": method}
    for nth in range(2):
        belief = f"recBeli{1 + BELIEFS // 2 + (number + nth) % (BELIEFS // 2):010d}"
        body = {"userId": who, "overtuigingId": belief, "date": today}
        yield "/api/overtuiging-usage", body
        yield "/api/personal-goals", {"name": f"Doel {nth}"}
        yield "/api/persoonlijke-overtuigingen", {"name": f"Zin {nth}"}
        yield goal_completion(number)
