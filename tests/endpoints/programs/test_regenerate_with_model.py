"""Planning the rest of a program anew with a language model, and what happens when that fails."""

import asyncio
from typing import Any

import msgspec
import pytest

from api._lib import ai
from api._lib.app import App
from api._lib.db import Database
from api._lib.settings import Settings
from tasks.dev.openai import OpenAiStandIn
from tests.endpoints.asking import Asking
from tests.endpoints.programs.steps import complete, create_whole, detail, events, take_events
from tests.endpoints.programs.test_regenerate import running
from tests.programs.catalogue import BREATHE, FRIDAY, MONDAY, SCAN, STRESS, WALK, WRITE

ASKED: dict[str, Any] = {"daysOfWeek": [MONDAY, FRIDAY], "regenerateMethod": "ai", "force": True}


async def plan_anew(person: Asking, program: Any) -> Any:
    return await person.ask("POST", f"programs/{program['id']}/regenerate-schedule", json=ASKED)


async def test_P6_the_new_plan_is_valid_and_its_methods_are_the_programs(
    ann: Asking, model: OpenAiStandIn, db: Database
) -> None:
    program = await running(ann)
    model.answer("unknown_methods")
    answer = await plan_anew(ann, program)
    assert answer.status == 200
    assert [planned["date"] for planned in answer.data["newSchedule"]] == [
        "2026-03-06",
        "2026-03-09",
        "2026-03-13",
        "2026-03-16",
        "2026-03-20",
        "2026-03-23",
        "2026-03-27",
    ]
    found = await detail(ann, program["id"])
    used = {id for session in found["schedule"] for id in session["methodIds"]}
    assert used <= {BREATHE, SCAN, WALK, WRITE}
    assert used <= set(found["methods"])
    assert used <= {method["id"] for method in found["methodDetails"]}


async def test_the_model_learns_what_was_really_done(
    ann: Asking, model: OpenAiStandIn, db: Database
) -> None:
    program = await running(ann)
    first = (await detail(ann, program["id"]))["schedule"][0]["id"]
    await complete(db, ann, SCAN, session=first)
    await complete(db, ann, SCAN, session=first)
    await complete(db, ann, WALK, program=program["id"])
    await plan_anew(ann, program)
    [request] = model.requests
    system = request["messages"][0]["content"]
    assert "Behouden sessies: 2." in system
    assert "Uitgevoerde methodes: 2." in system
    assert "Recent gedaan: Wandelen, Bodyscan." in system
    assert "geen overtuigingen beschikbaar" in system
    assert "geen goede gewoontes beschikbaar" in system


async def test_a_program_made_by_hand_is_never_planned_by_a_model(
    ann: Asking, model: OpenAiStandIn
) -> None:
    program = await create_whole(ann)
    assert (await plan_anew(ann, program)).status == 200
    assert model.requests == []


@pytest.fixture
def impatient(app: App, settings: Settings) -> None:
    """Waits for the model as briefly as a test may."""
    assert app.resources is not None
    hasty = ai.AiClient(settings, ai.Limits(attempt=1.5, overall=30))
    app.resources = msgspec.structs.replace(app.resources, ai=hasty)


@pytest.mark.parametrize(
    "how",
    [
        {"mode": "error", "status": 500},
        {"mode": "error", "status": 429},
        {"mode": "refusal"},
        {"mode": "truncated"},
        {"mode": "empty_schedule"},
        {"mode": "disconnect"},
    ],
)
async def test_P4_when_the_model_fails_the_old_schedule_is_whole(
    ann: Asking, model: OpenAiStandIn, db: Database, how: dict[str, Any]
) -> None:
    model.answer(**how)
    await planned_in_vain(ann, db, 502)


@pytest.mark.usefixtures("impatient")
async def test_P4_when_the_model_hangs_the_old_schedule_is_whole(
    ann: Asking, model: OpenAiStandIn, db: Database
) -> None:
    model.answer("hang")
    await planned_in_vain(ann, db, 504)


async def planned_in_vain(ann: Asking, db: Database, status: int) -> None:
    """Plan anew with a model that fails; nothing has changed."""
    program = await running(ann)
    before = await detail(ann, program["id"])
    await take_events(db)
    assert (await plan_anew(ann, program)).status == status
    assert await detail(ann, program["id"]) == before
    assert await events(db) == []


async def test_P4_a_program_whose_dates_changed_meanwhile_stays_as_it_became(
    ann: Asking, model: OpenAiStandIn
) -> None:
    program = await running(ann)
    model.answer("good", delay_seconds=2)
    planning = asyncio.create_task(plan_anew(ann, program))
    await asked(model)
    await ann.post(f"programs/{program['id']}/extend", weeks=1)
    extended = await detail(ann, program["id"])
    assert (await planning).status == 409
    assert await detail(ann, program["id"]) == extended


async def test_P4_a_program_deleted_meanwhile_does_not_come_back(
    ann: Asking, model: OpenAiStandIn, db: Database
) -> None:
    program = await running(ann)
    model.answer("good", delay_seconds=2)
    planning = asyncio.create_task(plan_anew(ann, program))
    await asked(model)
    await ann.delete(f"programs/{program['id']}")
    assert (await planning).status == 404
    assert await db.fetchval("SELECT count(*) FROM program_sessions") == 0


async def test_P8_asking_counts_and_refusing_changes_nothing(
    ann: Asking, model: OpenAiStandIn
) -> None:
    program = await running(ann)
    for _ in range(10):
        assert (await plan_anew(ann, program)).status == 200
    before = await detail(ann, program["id"])
    assert (await plan_anew(ann, program)).status == 429
    assert await detail(ann, program["id"]) == before
    simple = await ann.post(f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[MONDAY])
    assert simple.status == 200


async def test_a_model_needs_goals_to_plan_for(ann: Asking, model: OpenAiStandIn) -> None:
    program = await running(ann)
    await ann.patch(f"programs/{program['id']}", goals=[])
    assert (await plan_anew(ann, program)).status == 400
    assert model.requests == []


async def test_sessions_keep_the_goals_they_were_planned_for(
    ann: Asking, model: OpenAiStandIn
) -> None:
    program = await running(ann)
    await plan_anew(ann, program)
    found = await detail(ann, program["id"])
    assert {tuple(session["goalIds"]) for session in found["schedule"]} == {(STRESS,)}


async def asked(model: OpenAiStandIn) -> None:
    """Wait until the model has been asked."""
    async with asyncio.timeout(30):
        while not model.requests:
            await asyncio.sleep(0.01)
