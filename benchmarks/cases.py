"""The requests that are measured."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from api._lib.accounts import tokens
from benchmarks.seed import HABITS, PEOPLE, PROGRAMS

Maker = Callable[[int], tuple[str, dict[str, object] | None]]


class Case(Struct, frozen=True):
    """A kind of request; `make` gives path and body for the n-th one."""

    name: str
    method: str
    make: Maker
    signed: bool = True
    owners: int = PEOPLE


def user(number: int) -> str:
    """Id of a seeded person."""
    return f"recUser{1 + number % PEOPLE:010d}"


def uuid(text: str) -> str:
    """The UUID that the seed derived from a text."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return str(UUID(f"{digest[:12]}4{digest[13:16]}8{digest[17:]}"))


def tick(number: int) -> tuple[str, dict[str, object]]:
    """A tick nobody made before."""
    habit, day = number // PEOPLE % HABITS, number // PEOPLE // HABITS % 8
    return "/api/habit-usage", {
        "userId": user(number),
        "goedeGewoonteId": f"recHabi{1 + habit:010d}",
        "date": (date.today() - timedelta(days=day)).isoformat(),
    }


def goal_completion(number: int) -> tuple[str, dict[str, object]]:
    """One more completion of a personal goal."""
    return "/api/personal-goal-usage", {
        "userId": user(number),
        "personalGoalId": uuid(f"goal{user(number)}"),
        "date": date.today().isoformat(),
    }


def fixed(path: str) -> Maker:
    """Always the same path."""
    return lambda _: (path, None)


def program(number: int) -> tuple[str, None]:
    """A person's own program."""
    return f"/api/programs/{uuid(f'program{1 + number % PROGRAMS}')}", None


def confirmation(number: int) -> tuple[str, dict[str, object]]:
    """A reviewed program of eight weeks with five sessions a week, after all earlier ones."""
    monday = date.today() + timedelta(days=28 - date.today().weekday())
    start = monday + timedelta(weeks=8 * (number // PEOPLE % 400))
    days = [start + timedelta(weeks=week, days=n) for week in range(8) for n in range(5)]
    methods = [{"methodId": f"recMeth{1 + k:010d}"} for k in range(3)]
    return "/api/programs/confirm", {
        "goals": ["recGoal0000000001"],
        "startDate": start.isoformat(),
        "duration": "8 weken",
        "daysOfWeek": [f"recWeek{1 + k:010d}" for k in range(5)],
        "editedSchedule": [
            {"date": day.isoformat(), "dayId": "recWeek0000000001", "methods": methods}
            for day in days
        ],
    }


CASES = (
    Case("GET /api/health", "GET", fixed("/api/health"), signed=False),
    Case("GET /api/methods", "GET", fixed("/api/methods"), signed=False),
    Case("GET /api/goals", "GET", fixed("/api/goals"), signed=False),
    Case("GET /api/overtuigingen", "GET", fixed("/api/overtuigingen"), signed=False),
    Case("GET /api/auth/me", "GET", fixed("/api/auth/me")),
    Case("GET /api/rewards", "GET", fixed("/api/rewards")),
    Case("GET /api/programs", "GET", fixed("/api/programs")),
    Case("GET /api/programs/:id", "GET", program, owners=PROGRAMS),
    Case("POST /api/programs/confirm", "POST", confirmation),
    Case("GET /api/habit-usage", "GET", fixed(f"/api/habit-usage?date={date.today()}")),
    Case("POST /api/habit-usage", "POST", tick),
    Case("POST /api/personal-goal-usage", "POST", goal_completion),
)


def requests_of(case: Case, secret: str, first: int, count: int) -> list[bytes]:
    """The encoded requests number `first` and following of a case."""
    return [_encoded(case, secret, number) for number in range(first, first + count)]


def headers_for(secret: str, number: int) -> dict[str, str]:
    """What signs the n-th person in."""
    who = user(number)
    sid = UUID(uuid(f"sid{who}"))
    address = f"persoon{1 + number % PEOPLE}@voorbeeld.test"
    token = tokens.issue(secret, "access", who, address, datetime.now(UTC), sid)
    return {"authorization": f"Bearer {token}"}


def _encoded(case: Case, secret: str, number: int) -> bytes:
    path, body = case.make(number)
    content = b"" if body is None else msgspec.json.encode(body)
    lines = [f"{case.method} {path} HTTP/1.1", "host: 127.0.0.1", "accept-encoding: identity"]
    if case.signed:
        lines += [
            f"{name}: {value}" for name, value in headers_for(secret, number % case.owners).items()
        ]
    if content:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content
