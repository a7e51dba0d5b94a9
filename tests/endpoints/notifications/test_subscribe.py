"""Subscribing devices over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.push_keys import encoded
from tests.endpoints.asking import Answer, Asking
from tests.endpoints.conftest import MakePerson
from tests.notifications.seed import add_goal, some_device, states, vapid_pair

PATH = "notifications/subscribe"


async def subscribe(who: Asking, number: int = 1, **changes: Any) -> Answer:
    return await who.post(PATH, **(some_device(number) | changes))


async def unsubscribe(who: Asking, endpoint: str) -> Answer:
    return await who.ask("DELETE", PATH, json={"endpoint": endpoint})


async def rows(db: Database) -> list[dict[str, Any]]:
    found = await db.fetch("SELECT * FROM push_subscriptions ORDER BY id")
    return [dict(row) for row in found]


async def marked(db: Database) -> set[str]:
    found = await db.fetch("SELECT user_id FROM notification_planning")
    return {row["user_id"] for row in found}


async def test_a_device_is_stored_and_its_id_is_a_number(ann: Asking, db: Database) -> None:
    answer = await subscribe(ann, expirationTime=None)
    (row,) = await rows(db)
    assert answer.status == 201
    assert answer.data == {
        "id": row["id"],
        "endpoint": some_device()["endpoint"],
        "status": "active",
    }
    assert type(answer.data["id"]) is int
    assert row["user_id"] == ann.id
    assert await marked(db) == {ann.id}


async def test_the_same_device_again_keeps_its_id(ann: Asking, db: Database) -> None:
    first, second = await subscribe(ann), await subscribe(ann)
    assert (first.status, second.status) == (201, 201)
    assert first.data == second.data
    assert len(await rows(db)) == 1


@pytest.mark.parametrize("status", ["revoked", "expired"])
async def test_subscribing_revives_an_ended_device(ann: Asking, db: Database, status: str) -> None:
    first = await subscribe(ann)
    await db.execute(
        "UPDATE push_subscriptions SET status = $1, last_error = 'x', failure_count = 4,"
        " first_failure_at = now()",
        status,
    )
    again = await subscribe(ann, keys=some_device(2)["keys"])
    assert again.data == first.data
    (row,) = await rows(db)
    assert (row["status"], row["last_error"]) == ("active", None)
    assert (row["failure_count"], row["first_failure_at"]) == (0, None)
    assert row["p256dh"] == vapid_pair(2)[0]


async def test_the_browser_is_noted_in_at_most_512_characters(ann: Asking, db: Database) -> None:
    await ann.post(PATH, **some_device(1))
    await ann.ask("POST", PATH, json=some_device(2), headers={"user-agent": "b" * 600})
    assert [len(row["user_agent"]) for row in await rows(db)][1] == 512


async def test_the_zone_of_the_browser_becomes_the_persons(ann: Asking, db: Database) -> None:
    await subscribe(ann, timezone="America/New_York")
    found = (await ann.get("notifications/preferences")).data
    assert (found["timezone"], found["leadMinutes"]) == ("America/New_York", 60)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Etc/Unknown", "x" * 100])
async def test_a_zone_nobody_knows_is_passed_over(ann: Asking, db: Database, zone: str) -> None:
    assert (await subscribe(ann, timezone=zone)).status == 201
    assert await db.fetchval("SELECT count(*) FROM notification_preferences") == 0


@pytest.mark.parametrize(
    "other",
    [{"p256dh": some_device(2)["keys"]["p256dh"]}, {"auth": encoded(b"other sixteen by")}],
    ids=["key", "auth"],
)
async def test_F3_another_persons_device_is_refused_and_nothing_changes(
    ann: Asking, bob: Asking, db: Database, other: dict[str, str]
) -> None:
    await subscribe(ann)
    before = await rows(db)
    answer = await subscribe(bob, keys=some_device()["keys"] | other, timezone="UTC")
    assert answer.status == 409
    assert await rows(db) == before
    assert bob.id not in await marked(db)
    assert await db.fetchval("SELECT count(*) FROM notification_preferences") == 0


async def test_F3_a_browser_with_a_new_login_takes_its_device_along(
    ann: Asking, bob: Asking, db: Database
) -> None:
    first = await subscribe(ann)
    await db.execute("DELETE FROM notification_planning")
    answer = await subscribe(bob)
    assert answer.data["id"] == first.data["id"]
    assert [row["user_id"] for row in await rows(db)] == [bob.id]
    assert await marked(db) == {ann.id, bob.id}


async def test_F3_the_same_keys_in_another_spelling_are_the_same(ann: Asking, bob: Asking) -> None:
    await subscribe(ann)
    keys = {
        name: text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        for name, text in some_device()["keys"].items()
    }
    assert (await subscribe(bob, keys=keys)).status == 201


INTERNAL = [
    "https://127.0.0.1/push",
    "https://10.0.0.8/push",
    "https://172.16.0.1/push",
    "https://192.168.1.1/push",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/push",
    "https://[::ffff:127.0.0.1]/push",
    "https://[fd00::1]/push",
    "https://2130706433/push",
    "https://0x7f.1/push",
    "https://localhost/push",
    "https://mfa_redis:6379/",
    "https://mfa_postgres/",
]
UNKNOWN = [
    "https://push.example.org/send",
    "https://fcm.googleapis.com.evil.example/send",
    "https://evilfcm.googleapis.com/send",
    "https://push.services.mozilla.com/send",
    "https://googleapis.com/send",
    "https://fcm.googleapis.com@evil.example/send",
    "https://user:pass@fcm.googleapis.com/send",
    "https://fcm.googleapis.com:8443/send",
    "https://fcm.googleapis.com:80/send",
    "http://fcm.googleapis.com/send",
    "ftp://fcm.googleapis.com/send",
    "//fcm.googleapis.com/send",
    "fcm.googleapis.com/send",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://",
    "https://evil.example\\@fcm.googleapis.com/send",
    "https://evil.example#@fcm.googleapis.com/",
    "https://fcm.googleapis.com /send",
    "https://fcm.googleapis.com/send\nHost: evil.example",
    "https://fcm.googleapis.com。evil.example/send",
]


@pytest.mark.parametrize("endpoint", INTERNAL + UNKNOWN)
async def test_F4_what_is_no_push_service_is_refused(
    ann: Asking, db: Database, endpoint: str
) -> None:
    answer = await subscribe(ann, endpoint=endpoint)
    assert answer.status == 400
    assert "evil" not in answer.error
    assert await rows(db) == []
    assert await marked(db) == set()


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def-1_2",
        "https://FCM.googleapis.com:443/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://db5p.notify.windows.com/w/?token=abc%2bd",
    ],
)
async def test_the_known_push_services_are_taken(ann: Asking, endpoint: str) -> None:
    assert (await subscribe(ann, endpoint=endpoint)).data["endpoint"] == endpoint


def keys(**changes: Any) -> dict[str, Any]:
    return {**some_device()["keys"], **changes}


POINT_OFF_THE_CURVE = "B" + "A" * 86


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": ""},
        {"endpoint": None},
        {"endpoint": 5},
        {"endpoint": "https://fcm.googleapis.com/" + "a" * 2048},
        {"keys": None},
        {"keys": {}},
        {"keys": keys(auth="")},
        {"keys": keys(auth="AAAA")},
        {"keys": keys(auth="not base64url !!!!!!!!")},
        {"keys": keys(auth=None)},
        {"keys": keys(p256dh="")},
        {"keys": keys(p256dh="AAAA")},
        {"keys": keys(p256dh=POINT_OFF_THE_CURVE)},
        {"keys": keys(p256dh="A" * 87)},
        {"keys": keys(p256dh="A" * 5000)},
        {"timezone": None},
        {"timezone": 5},
    ],
)
async def test_F17_keys_and_addresses_nothing_can_be_sent_with_are_refused(
    ann: Asking, db: Database, changes: dict[str, Any]
) -> None:
    assert (await subscribe(ann, **changes)).status == 400
    assert await rows(db) == []


@pytest.mark.parametrize("field", ["endpoint", "keys"])
async def test_a_missing_field_is_named(ann: Asking, field: str) -> None:
    body = some_device()
    del body[field]
    answer = await ann.post(PATH, **body)
    assert (answer.status, field in answer.error) == (400, True)


async def test_at_most_twenty_devices_stay_active(ann: Asking, db: Database) -> None:
    for number in range(1, 23):
        await subscribe(ann, number)
    await subscribe(ann, 1)
    status = {row["endpoint"].rpartition("/")[2]: row["status"] for row in await rows(db)}
    ended = sorted(int(number) for number, found in status.items() if found == "revoked")
    assert ended == [2, 3]


async def test_many_at_once_stay_within_twenty(ann: Asking, db: Database) -> None:
    await asyncio.gather(*(subscribe(ann, number) for number in range(1, 31)))
    assert sum(row["status"] == "active" for row in await rows(db)) == 20


async def test_unsubscribing_ends_the_device_and_again_changes_nothing(
    ann: Asking, db: Database, ctx: Context
) -> None:
    await subscribe(ann)
    await add_goal(db, ann.id, ["Vrijdag"])
    await notifications.plan_dirty_users(ctx)
    for _ in range(2):
        answer = await unsubscribe(ann, some_device()["endpoint"])
        assert (answer.status, answer.data) == (200, {"success": True})
    assert [row["status"] for row in await rows(db)] == ["revoked"]
    await notifications.plan_dirty_users(ctx)
    assert {state for _, _, state in await states(db)} == {"cancelled"}


async def test_an_expired_device_can_be_ended(ann: Asking, db: Database) -> None:
    await subscribe(ann)
    await db.execute("UPDATE push_subscriptions SET status = 'expired'")
    await unsubscribe(ann, some_device()["endpoint"])
    assert [row["status"] for row in await rows(db)] == ["revoked"]


async def test_F3_nobody_ends_another_persons_device(
    ann: Asking, bob: Asking, db: Database
) -> None:
    await subscribe(ann)
    answer = await unsubscribe(bob, some_device()["endpoint"])
    assert (answer.status, answer.data) == (200, {"success": True})
    assert [row["status"] for row in await rows(db)] == ["active"]


async def test_unsubscribing_needs_an_endpoint(ann: Asking) -> None:
    assert (await ann.ask("DELETE", PATH, json={})).status == 400
    assert (await ann.ask("DELETE", PATH, content=b"")).status == 400
    assert (await unsubscribe(ann, "")).status == 400


async def test_a_foreign_language_gets_its_own_sentence(
    client: httpx.AsyncClient, make_person: MakePerson
) -> None:
    french = Asking(client, await make_person(language="fr"))
    answer = await subscribe(french, endpoint="https://127.0.0.1/")
    assert answer.error == "Ce n'est pas l'adresse d'un service push connu."
