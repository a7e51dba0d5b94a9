"""Every change that bears on reminders asks for a plan in its own transaction, and only asks."""

from typing import Any

import httpx
import pytest

from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from tests.endpoints.asking import Asking, inside
from tests.endpoints.conftest import MakePerson
from tests.endpoints.programs.steps import create_whole, review
from tests.notifications.seed import add_device, jobs, some_device
from tests.programs.catalogue import BREATHE, FRIDAY, SCAN, add_library

DAY = "2026-03-04"


@pytest.fixture
async def ann(client: httpx.AsyncClient, make_person: MakePerson, db: Database) -> Asking:
    """A participant with a device, where there is content."""
    await add_library(db)
    person = Asking(client, await make_person())
    await add_device(db, person.id, some_device())
    return person


class Watching:
    """Asks somebody's requests, and sees whether they asked for a plan."""

    def __init__(self, person: Asking, db: Database, statements: list[str]) -> None:
        self._person, self._db, self._statements = person, db, statements

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """A request that must mark its person inside its transaction; what it answers."""
        await self._db.execute("DELETE FROM notification_planning")
        self._statements.clear()
        answer = await self._person.ask(method, path, json=body)
        rows = await self._db.fetch("SELECT user_id FROM notification_planning")
        assert [row["user_id"] for row in rows] == [self._person.id], (method, path)
        assert any("notification_planning" in sql for sql in inside(self._statements))
        return answer.data


@pytest.fixture
def watching(ann: Asking, db: Database, statements: list[str]) -> Watching:
    return Watching(ann, db, statements)


async def test_F18_every_change_of_a_program_asks_for_a_plan(
    ann: Asking, watching: Watching
) -> None:
    made = await watching.ask("POST", "programs/confirm", **review())
    path = f"programs/{made['program']['id']}"
    session = (await ann.get(path)).data["schedule"][0]["id"]
    await watching.ask("PATCH", f"{path}/schedule/{session}", methods=[SCAN])
    await watching.ask("PATCH", path, methods=[SCAN])
    await watching.ask("POST", f"{path}/extend", weeks=1)
    await watching.ask("POST", f"{path}/regenerate-schedule", daysOfWeek=[FRIDAY])
    await watching.ask("DELETE", path)


async def test_F18_every_change_of_a_goal_asks_for_a_plan(watching: Watching) -> None:
    goal = await watching.ask("POST", "personal-goals", name="Lopen", scheduleDays=["Maandag"])
    path = f"personal-goals/{goal['id']}"
    await watching.ask("PATCH", path, scheduleDays=["Dinsdag"])
    await watching.ask(
        "POST", "personal-goal-usage", personalGoalId=goal["id"], userId=goal["userId"], date=DAY
    )
    await watching.ask("PATCH", path, status="Voltooid")
    await watching.ask("DELETE", path)


async def test_a_method_and_a_language_ask_for_a_plan(ann: Asking, watching: Watching) -> None:
    await watching.ask("POST", "method-usage", methodId=BREATHE, userId=ann.id)
    await watching.ask("PATCH", f"users/{ann.id}", languageCode="fr")


async def test_devices_and_preferences_ask_for_a_plan(watching: Watching) -> None:
    await watching.ask("POST", "notifications/subscribe", **some_device(2))
    await watching.ask("PATCH", "notifications/preferences", leadMinutes=5)
    await watching.ask("DELETE", "notifications/subscribe", endpoint=some_device(2)["endpoint"])


async def test_F11_a_plan_that_fails_fails_no_request(
    ann: Asking, db: Database, ctx: Context
) -> None:
    await create_whole(ann)
    await db.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no room'; END $$"
    )
    await db.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON notification_jobs FOR EACH ROW"
        " EXECUTE FUNCTION refuse()"
    )
    answer = await ann.post("method-usage", methodId=BREATHE, userId=ann.id)
    assert answer.status == 201
    assert (await notifications.plan_dirty_users(ctx)).failed == 1
    assert await db.fetchval("SELECT count(*) FROM method_completions") == 1
    await db.execute("DROP TRIGGER refuse ON notification_jobs")
    assert (await notifications.plan_dirty_users(ctx)).written > 0
    assert {job["user_id"] for job in await jobs(db)} == {ann.id}
