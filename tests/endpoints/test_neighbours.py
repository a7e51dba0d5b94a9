"""Whatever somebody does to what is theirs, nothing of anybody else changes by it."""

from typing import Any

import httpx
import pytest

from api._lib.accounts import tokens
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.endpoints.programs.steps import confirm, create_whole, detail
from tests.notifications.seed import PUSH_ENVIRON, some_device
from tests.people import PASSWORD, Person
from tests.programs.catalogue import (
    BREATHE,
    CAN,
    FOCUS,
    MONDAY,
    OUTSIDE,
    READ,
    SLEEP,
    WALK,
    WATER,
    add_library,
)

TODAY = "2026-03-04"
MOST_KINDS = 20
"""In so many tables there is something to be lost."""

CHILDREN = """
SELECT table_name::text AS name, column_name::text AS parent FROM information_schema.columns
WHERE table_schema = 'public' AND column_name IN ('program_id', 'session_id')
  AND table_name NOT IN (SELECT table_name FROM information_schema.columns
                         WHERE table_schema = 'public' AND column_name = 'user_id')
ORDER BY 1"""
OWNED = """
SELECT DISTINCT table_name::text AS name FROM information_schema.columns
WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY 1"""
PARENTS = {
    "program_id": "SELECT id FROM programs WHERE user_id = $1",
    "session_id": """SELECT s.id FROM program_sessions AS s
                     JOIN programs AS p ON p.id = s.program_id WHERE p.user_id = $1""",
}


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """Settings with which devices can be subscribed."""
    return load_settings(environ | PUSH_ENVIRON, Role.APP)


class Neighbour(Asking):
    """Somebody with something of every kind."""

    def __init__(self, client: httpx.AsyncClient, person: Person, number: int) -> None:
        super().__init__(client, person)
        self.device = some_device(number)
        self.email = person.email
        self.ids: dict[str, str] = {}

    async def does(self, method: str, path: str, **options: Any) -> Any:
        """A request that succeeds."""
        answer = await self.ask(method, path.format(**self.ids), **options)
        assert answer.status in (200, 201), (path, answer.body)
        return answer.body.get("data")

    async def settle_in(self) -> None:
        """Two programs, activity, goals, beliefs and a device."""
        program = (await create_whole(self))["id"]
        session = (await detail(self, program))["schedule"][0]["id"]
        self.ids |= {"me": self.id, "program": program, "session": session}
        chosen = [{"goedeGewoonteId": habit} for habit in (WATER, READ)]
        await confirm(self, start="2026-04-06", selectedGoedeGewoontes=chosen)
        for name, path, body in (
            ("usage", "method-usage", {"methodId": BREATHE, "programmaplanningId": session}),
            ("tick", "habit-usage", {"goedeGewoonteId": WATER, "date": TODAY}),
            ("goal", "personal-goals", {"name": "Lopen", "scheduleDays": ["Maandag"]}),
            ("belief", "overtuiging-usage", {"overtuigingId": CAN, "date": TODAY}),
            ("own", "persoonlijke-overtuigingen", {"name": "Ik kan dit"}),
        ):
            made = await self.does("POST", path, json={"userId": self.id} | body)
            self.ids[name] = made["id"]
        await self.does("POST", "notifications/subscribe", json=self.device)
        await self.does("PATCH", "notifications/preferences", json={"leadMinutes": 30})

    async def change_everything(self, cookie: str) -> None:
        """Change what there is, and end it."""
        habit = {"userId": self.id, "goedeGewoonteId": WATER, "date": TODAY}
        days = {"daysOfWeek": [MONDAY]}
        award = {"activityType": "method", "activityId": BREATHE, "activityDate": TODAY}
        goal = {"userId": self.id, "personalGoalId": self.ids["goal"], "date": TODAY}
        for method, path, body in (
            ("PATCH", "programs/{program}", {"notes": "Rustig", "goals": [FOCUS, SLEEP]}),
            ("PATCH", "programs/{program}/schedule/{session}", {"methods": [WALK], "goals": []}),
            ("POST", "programs/{program}/extend", {"weeks": 1}),
            ("POST", "programs/{program}/regenerate-schedule", days | {"force": True}),
            ("PATCH", "method-usage/{usage}", {"remark": "Goed"}),
            ("POST", "personal-goal-usage", goal),
            ("PATCH", "personal-goals/{goal}", {"name": "Fietsen"}),
            ("DELETE", "personal-goals/{goal}", None),
            ("PATCH", "persoonlijke-overtuigingen/{own}", {"status": "Afgerond"}),
            ("DELETE", "persoonlijke-overtuigingen/{own}", None),
            ("POST", "rewards/award", award),
            ("DELETE", "programs/{program}", None),
            ("PATCH", "users/{me}", {"name": "Ander", "languageCode": "fr"}),
            ("POST", "auth/login", {"email": self.email, "password": PASSWORD}),
            ("POST", "notifications/subscribe", self.device),
            ("PATCH", "notifications/preferences", {"enabled": False}),
            ("DELETE", "notifications/subscribe", {"endpoint": self.device["endpoint"]}),
            ("POST", "users/change-password", {"password": "Een-nieuw-wachtwoord1"}),
        ):
            await self.does(method, path, json=body)
        await self.does("DELETE", "habit-usage", params=habit)
        chosen = [{"goedeGewoonteId": OUTSIDE}]
        await confirm(self, start="2026-06-01", selectedGoedeGewoontes=chosen)
        for path in ("auth/refresh", "auth/logout"):
            await self.does("POST", path, headers={"cookie": f"refreshToken={cookie}"})


async def rows_of(db: Database, user_id: str) -> dict[str, Any]:
    """All rows that are somebody's, by table."""
    found = {"users": await db.fetch("SELECT * FROM users WHERE id = $1", user_id)}
    for table in await db.fetch(OWNED):
        name = table["name"]
        sql = f"SELECT t.* FROM {name} AS t WHERE user_id = $1 ORDER BY t"
        found[name] = await db.fetch(sql, user_id)
    for table in await db.fetch(CHILDREN):
        name, parent = table["name"], table["parent"]
        sql = f"SELECT t.* FROM {name} AS t WHERE {parent} IN ({PARENTS[parent]}) ORDER BY t"
        found[name] = await db.fetch(sql, user_id)
    return found


async def test_what_somebody_does_changes_nothing_of_others(
    app: App,
    client: httpx.AsyncClient,
    make_person: MakePerson,
    settings: Settings,
    clock: ManualClock,
    db: Database,
) -> None:
    assert app.resources is not None
    await add_library(db)
    person = await make_person()
    ann, bob = Neighbour(client, person, 1), Neighbour(client, await make_person(), 2)
    await ann.settle_in()
    await bob.settle_in()
    await notifications.plan_users(Context(app.resources), [bob.id])
    before = await rows_of(db, bob.id)
    assert sum(map(bool, before.values())) >= MOST_KINDS
    cookie = tokens.issue(
        settings.jwt_secret,
        "refresh",
        *(person.id, person.email, clock.now(), person.sid, person.jti),
    )
    await ann.change_everything(cookie)
    assert await rows_of(db, bob.id) == before
