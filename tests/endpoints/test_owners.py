"""What belongs to somebody is nobody else's business: a foreign record is like an unknown one."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec import Struct

from api._lib.app import App
from api._lib.db import Database
from tests.endpoints.conftest import MakePerson
from tests.people import Person
from tests.tracking.seed import UNKNOWN, add_content, add_program, record_id

TODAY = "2026-03-04"
SOON = date(2026, 3, 6)
MONDAY = "recDay00000000001"


class Belongings(Struct, frozen=True):
    """Somebody's records, one of each kind, by id."""

    owner: str
    program: str
    session: str
    completion: str
    goal: str
    belief: str

    def unknown(self) -> "Belongings":
        """Ids that belong to nobody."""
        return Belongings(self.owner, *[UNKNOWN] * 5)


class Call(Struct, frozen=True):
    """A request that names a record of somebody."""

    number: int
    method: str
    path: str
    body: Callable[[Belongings, str], dict[str, Any]] | None = None
    query: Callable[[Belongings, str], dict[str, Any]] | None = None
    refusal: int = 404

    @property
    def label(self) -> str:
        """How a test of this call is called."""
        return f"{self.number} {self.method} {self.path}"


OWN = [
    Call(22, "GET", "programs/{program}"),
    Call(23, "PATCH", "programs/{program}", lambda *_: {"notes": "Rustig"}),
    Call(24, "DELETE", "programs/{program}"),
    Call(25, "GET", "programs/{program}/methods"),
    Call(26, "POST", "programs/{program}/regenerate-schedule", lambda *_: {"daysOfWeek": [MONDAY]}),
    Call(27, "POST", "programs/{program}/extend", lambda *_: {"weeks": 1}),
    Call(
        28,
        "PATCH",
        "programs/{program}/schedule/{session}",
        lambda *_: {"methods": [record_id("Meth", 0)]},
    ),
    Call(
        35,
        "POST",
        "method-usage",
        lambda of, me: {"userId": me, "methodId": record_id("Meth", 0), "programId": of.program},
    ),
    Call(
        35,
        "POST",
        "method-usage",
        lambda of, me: {
            "userId": me,
            "methodId": record_id("Meth", 0),
            "programmaplanningId": of.session,
        },
    ),
    Call(36, "PATCH", "method-usage/{completion}", lambda *_: {"remark": "Goed"}),
    Call(37, "GET", "method-usage/by-program", query=lambda of, _: {"programId": of.program}),
    Call(
        39,
        "POST",
        "rewards/award",
        lambda of, _: {
            "activityType": "programMilestone",
            "programId": of.program,
            "milestone": 25,
        },
    ),
    Call(47, "PATCH", "personal-goals/{goal}", lambda *_: {"name": "Fietsen"}),
    Call(48, "DELETE", "personal-goals/{goal}"),
    Call(
        50,
        "POST",
        "personal-goal-usage",
        lambda of, me: {"userId": me, "personalGoalId": of.goal, "date": TODAY},
    ),
    Call(58, "PATCH", "persoonlijke-overtuigingen/{belief}", lambda *_: {"name": "Ik kan het"}),
    Call(59, "DELETE", "persoonlijke-overtuigingen/{belief}"),
]

NAMED = [
    Call(
        35,
        "POST",
        "method-usage",
        lambda _, user: {"userId": user, "methodId": record_id("Meth", 0)},
    ),
    Call(
        42,
        "POST",
        "habit-usage",
        lambda _, user: {
            "userId": user,
            "goedeGewoonteId": record_id("Habit", 0),
            "date": TODAY,
        },
    ),
    Call(
        43,
        "DELETE",
        "habit-usage",
        query=lambda _, user: {
            "userId": user,
            "goedeGewoonteId": record_id("Habit", 0),
            "date": TODAY,
        },
    ),
    Call(49, "GET", "personal-goal-usage", query=lambda _, user: {"userId": user, "date": TODAY}),
    Call(
        50,
        "POST",
        "personal-goal-usage",
        lambda of, user: {"userId": user, "personalGoalId": of.goal, "date": TODAY},
    ),
    Call(
        55,
        "POST",
        "overtuiging-usage",
        lambda _, user: {
            "userId": user,
            "overtuigingId": record_id("Belief", 0),
            "date": TODAY,
        },
    ),
    Call(15, "PATCH", "users/{owner}", lambda *_: {"name": "Ander"}),
]


def label(call: object) -> str:
    return call.label if isinstance(call, Call) else str(call)


@pytest.fixture
async def belongings(app: App, make_person: MakePerson, person: Person) -> Belongings:
    """What the person has."""
    assert app.resources is not None
    db = app.resources.db
    await add_content(db)
    await db.execute("INSERT INTO weekdays (id, name) VALUES ($1, 'Maandag')", MONDAY)
    program, [session] = await add_program(db, person.id, date(2026, 3, 2), [(SOON, [0, 1])])
    await db.execute(
        "INSERT INTO program_methods (program_id, method_id, position) VALUES ($1, $2, 0)",
        program,
        record_id("Meth", 0),
    )
    await db.execute(
        "INSERT INTO program_days (program_id, weekday_id, position) VALUES ($1, $2, 0)",
        program,
        MONDAY,
    )
    return Belongings(
        person.id,
        str(program),
        str(session),
        *[str(found) for found in await _activity(db, person.id, program)],
    )


async def _activity(db: Database, user_id: str, program: UUID) -> list[UUID]:
    return [
        await db.fetchval(
            "INSERT INTO method_completions (user_id, method_id, program_id, completed_on, points)"
            " VALUES ($1, $2, $3, '2026-03-03', 8) RETURNING id",
            user_id,
            record_id("Meth", 0),
            program,
        ),
        await db.fetchval(
            "INSERT INTO personal_goals (user_id, name) VALUES ($1, 'Lopen') RETURNING id", user_id
        ),
        await db.fetchval(
            "INSERT INTO personal_beliefs (user_id, name) VALUES ($1, 'Ik kan dit') RETURNING id",
            user_id,
        ),
    ]


async def ask(
    client: httpx.AsyncClient, call: Call, of: Belongings, caller: Person, user_id: str
) -> httpx.Response:
    """Make a call as somebody, about records of somebody."""
    ids = {name: getattr(of, name) for name in Belongings.__struct_fields__}
    return await client.request(
        call.method,
        "/api/" + call.path.format(**ids),
        headers=caller.headers,
        json=call.body(of, user_id) if call.body else None,
        params=call.query(of, user_id) if call.query else None,
    )


async def everything(db: Database) -> dict[str, list[Any]]:
    """All rows that a call of a person could change."""
    tables = await db.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name IN ('user_id', 'program_id', 'session_id') ORDER BY 1"
    )
    return {
        row["table_name"]: await db.fetch(f"SELECT t.* FROM {row['table_name']} AS t ORDER BY t")
        for row in tables
    }


@pytest.mark.parametrize("call", OWN, ids=label)
async def test_a_foreign_record_is_answered_exactly_like_an_unknown_one(
    client: httpx.AsyncClient,
    app: App,
    person: Person,
    make_person: MakePerson,
    belongings: Belongings,
    call: Call,
) -> None:
    assert app.resources is not None
    for role in ("Deelnemer", "admin"):
        stranger = await make_person(role=role)
        before = await everything(app.resources.db)
        foreign = await ask(client, call, belongings, stranger, stranger.id)
        unknown = await ask(client, call, belongings.unknown(), stranger, stranger.id)
        assert (foreign.status_code, foreign.json()) == (unknown.status_code, unknown.json())
        assert foreign.status_code == 404, foreign.text
        assert await everything(app.resources.db) == before
    own = await ask(client, call, belongings, person, person.id)
    assert own.status_code in (200, 201, 409), own.text


@pytest.mark.parametrize("call", NAMED, ids=label)
async def test_naming_somebody_else_is_refused_even_to_administrators(
    client: httpx.AsyncClient,
    app: App,
    person: Person,
    make_person: MakePerson,
    belongings: Belongings,
    call: Call,
) -> None:
    assert app.resources is not None
    for role in ("Deelnemer", "admin"):
        stranger = await make_person(role=role)
        before = await everything(app.resources.db)
        answer = await ask(client, call, belongings, stranger, person.id)
        assert (answer.status_code, answer.json()["success"]) == (403, False)
        assert await everything(app.resources.db) == before
    own = await ask(client, call, belongings, person, person.id)
    assert own.status_code in (200, 201), own.text


async def test_12_and_16_others_are_not_found(
    client: httpx.AsyncClient, app: App, person: Person, make_person: MakePerson
) -> None:
    """Looking up somebody else is a 404, and companies of others are absent from the answer."""
    assert app.resources is not None
    db, other = app.resources.db, await make_person()
    companies = ["recCOMP0000000001", "recCOMP0000000002"]
    for company, owner in zip(companies, (person, other), strict=True):
        await db.execute("INSERT INTO companies (id, name) VALUES ($1, 'Bedrijf')", company)
        await db.execute(
            "INSERT INTO user_companies (user_id, company_id, position) VALUES ($1, $2, 0)",
            owner.id,
            company,
        )
    found = await client.get(
        "/api/companies/lookup", params={"ids": ",".join(companies)}, headers=person.headers
    )
    assert found.json()["data"] == {companies[0]: "Bedrijf"}
    answer = await client.get(
        "/api/users/lookup", params={"email": other.email}, headers=person.headers
    )
    assert answer.status_code == 404
