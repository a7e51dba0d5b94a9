"""Preferences over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from tests.endpoints.asking import Asking, inside
from tests.endpoints.conftest import MakePerson
from tests.notifications.seed import (
    PUBLIC,
    add_device,
    add_goal,
    jobs,
    set_preferences,
    some_device,
    states,
)

PATH = "notifications/preferences"
DEFAULTS = {
    "enabled": True,
    "reminderMode": "both",
    "leadMinutes": 60,
    "preferredTimeLocal": "19:00",
    "timezone": "Europe/Brussels",
    "quietHoursStart": "22:00",
    "quietHoursEnd": "07:00",
}
OTHERS = {
    "enabled": False,
    "reminderMode": "session",
    "leadMinutes": 0,
    "preferredTimeLocal": "08:05",
    "timezone": "America/New_York",
    "quietHoursStart": "00:00",
    "quietHoursEnd": "23:59",
}


async def stored(db: Database) -> list[dict[str, Any]]:
    rows = await db.fetch("SELECT * FROM notification_preferences")
    return [dict(row) for row in rows]


async def test_without_a_choice_the_defaults_are_told_and_nothing_is_stored(
    ann: Asking, db: Database
) -> None:
    answer = await ann.get(PATH)
    configured = {"webPushConfigured": True, "vapidPublicKey": PUBLIC}
    assert answer.data == {"userId": ann.id} | DEFAULTS | configured
    assert answer.status == 200
    assert await stored(db) == []


async def test_all_seven_are_stored_and_come_back(ann: Asking) -> None:
    answer = await ann.patch(PATH, **OTHERS)
    assert (answer.status, {name: answer.data[name] for name in OTHERS}) == (200, OTHERS)
    assert (await ann.get(PATH)).data == answer.data


@pytest.mark.parametrize("name", OTHERS)
async def test_a_single_one_leaves_the_others(ann: Asking, name: str) -> None:
    await ann.patch(PATH, **{name: OTHERS[name]})
    expected = DEFAULTS | {name: OTHERS[name]}
    found = (await ann.get(PATH)).data
    assert {name: found[name] for name in DEFAULTS} == expected


async def test_an_empty_change_and_unknown_fields_are_fine(ann: Asking) -> None:
    answer = await ann.patch(PATH)
    assert (answer.status, answer.data["leadMinutes"]) == (200, 60)
    assert (await ann.patch(PATH, vapidPublicKey="x", userId="y")).status == 200


async def test_F12_two_changes_at_once_both_survive(ann: Asking) -> None:
    for minutes in (5, 6, 7):
        await asyncio.gather(
            ann.patch(PATH, leadMinutes=minutes),
            ann.patch(PATH, preferredTimeLocal=f"1{minutes}:00"),
        )
        found = (await ann.get(PATH)).data
        assert (found["leadMinutes"], found["preferredTimeLocal"]) == (minutes, f"1{minutes}:00")


async def test_F12_only_the_given_columns_are_written(
    ann: Asking, db: Database, statements: list[str]
) -> None:
    statements.clear()
    await ann.patch(PATH, leadMinutes=5)
    assert len(inside(statements)) == 3
    assert (await stored(db))[0]["timezone"] is None


BAD_TIMES: list[object] = [
    *("", "24:00", "99:99", "7:00", "07:60", "07:00:00", "07:00\n", " 07:00", "0a:00", "٠٧:٠٠"),
    *(None, 7),
]
BAD: dict[str, list[object]] = {
    "enabled": ["true", 1, None, []],
    "reminderMode": ["", "daily", "BOTH", None, 1],
    "leadMinutes": [-1, 1441, 5.5, "60", True, None, 10**30],
    "timezone": ["", "Mars/Olympus", "Europe", "A" * 65, None, "../UTC"],
    "preferredTimeLocal": BAD_TIMES,
    "quietHoursStart": BAD_TIMES,
    "quietHoursEnd": BAD_TIMES,
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD.items() for value in values]
)
async def test_F14_a_bad_value_is_refused_and_changes_nothing(
    ann: Asking, db: Database, field: str, value: object
) -> None:
    answer = await ann.patch(PATH, **({"leadMinutes": 30} | {field: value}))
    assert answer.status == 400
    assert field in answer.error
    assert await stored(db) == []
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 0


async def test_F13_a_zone_that_cannot_be_used_reads_as_the_default(
    ann: Asking, db: Database
) -> None:
    await set_preferences(db, ann.id, timezone="")
    assert (await ann.get(PATH)).data["timezone"] == "Europe/Brussels"


async def test_a_change_asks_for_a_plan(ann: Asking, db: Database, ctx: Context) -> None:
    await add_device(db, ann.id, some_device())
    await add_goal(db, ann.id, ["Vrijdag"])
    await ann.patch(PATH, preferredTimeLocal="12:00")
    assert (await notifications.plan_if_marked(ctx, ann.id)).written == 2
    assert (await jobs(db, ann.id))[0]["fire_at"].hour == 10


async def test_switching_off_cancels_what_waits_at_once(
    ann: Asking, db: Database, ctx: Context, statements: list[str]
) -> None:
    await add_device(db, ann.id, some_device())
    await add_goal(db, ann.id, ["Vrijdag"])
    await notifications.plan_users(ctx, [ann.id])
    statements.clear()
    await ann.patch(PATH, enabled=False)
    assert len(inside(statements)) == 4
    assert {state for _, _, state in await states(db)} == {"cancelled"}
    await ann.patch(PATH, enabled=True, timezone="Europe/Brussels")
    await notifications.plan_dirty_users(ctx)
    assert {state for _, _, state in await states(db)} == {"pending"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_other_methods_are_405(ann: Asking, method: str) -> None:
    answer = await ann.ask(method, PATH, content=b"{}")
    assert (answer.status, answer.body["success"]) == (405, False)


@pytest.mark.parametrize("content", [b"{bad", b"[]", b"null", b'"x"', b"\xff"])
async def test_what_is_no_object_is_400(ann: Asking, content: bytes) -> None:
    assert (await ann.ask("PATCH", PATH, content=content)).status == 400


async def test_a_missing_body_is_an_empty_one(ann: Asking) -> None:
    assert (await ann.ask("PATCH", PATH, content=b"")).status == 200


@pytest.mark.parametrize("path", [PATH, "notifications/subscribe", "notifications/test"])
async def test_nobody_gets_in_without_a_token(client: httpx.AsyncClient, path: str) -> None:
    method = "PATCH" if path == PATH else "POST"
    answer = await client.request(method, f"/api/{path}", json={})
    assert (answer.status_code, answer.json()["success"]) == (401, False)
    assert answer.headers["cache-control"] == "no-store"


async def test_F19_a_disabled_person_is_403(
    client: httpx.AsyncClient, make_person: MakePerson
) -> None:
    gone = Asking(client, await make_person(status="disabled"))
    assert (await gone.get(PATH)).status == 403
