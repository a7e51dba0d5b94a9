"""The test message over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tasks.dev.push import PushStandIn
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.notifications.seed import PUBLIC, PUSH_ENVIRON, add_device
from tests.people import Person, add_person

PATH = "notifications/test"
PRODUCTION = {
    "APP_ENV": "production",
    "APP_URL": "https://app.example.test",
    "OPENAI_API_KEY": "sk-test",
    "SMTP_SERVER": "smtp.example.test",
    "SMTP_FROM": "no-reply@app.example.test",
    "WEB_PUSH_ALLOWED_HOSTS": "push.example.test",
    "PUSH_NOTIFICATIONS_TEST_MODE": "false",
}


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """Settings with which pushes go to any address."""
    return load_settings(environ | PUSH_ENVIRON, Role.APP)


class Somebody(Asking):
    """A person with a client that can also be used by nobody in particular."""

    def __init__(self, client: httpx.AsyncClient, person: Person) -> None:
        super().__init__(client, person)
        self._without = client

    async def without_token(self) -> int:
        """The status of the same request of a stranger."""
        return (await self._without.post(f"/api/{PATH}", json={})).status_code


@asynccontextmanager
async def _asking(
    environ: dict[str, str], db: Database, clock: ManualClock
) -> AsyncIterator[Somebody]:
    """A person who calls an application of its own settings."""
    settings = load_settings(environ, Role.APP)
    person = await add_person(db, settings.jwt_secret, clock.now())
    async with App(settings, clock=clock).running() as app:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://mfa.test") as client:
            yield Somebody(client, person)


async def device(db: Database, who: Asking, service: PushStandIn) -> str:
    """A further device; its endpoint."""
    described = service.subscribe(PUBLIC)
    await add_device(db, who.id, described)
    return str(described["endpoint"])


async def test_every_device_shows_the_given_text(
    ann: Asking, db: Database, push_service: PushStandIn
) -> None:
    for _ in range(2):
        await device(db, ann, push_service)
    answer = await ann.post(PATH, title="Hallo", body="Daar ben je")
    assert answer.data == {"sent": 2, "failed": 0, "errors": []}
    assert [one["payload"] for one in push_service.messages] == [
        {
            "title": "Hallo",
            "body": "Daar ben je",
            "targetUrl": "/",
            "mode": "session",
            "reminderDate": "2026-03-04",
        }
    ] * 2


async def test_without_a_text_there_is_one_in_the_language_of_the_person(
    ann: Asking, db: Database, push_service: PushStandIn
) -> None:
    await device(db, ann, push_service)
    await db.execute("UPDATE users SET language_code = 'fr'")
    await ann.post(PATH)
    assert push_service.messages[0]["payload"]["title"] == "Notification de test"


async def test_the_day_is_the_one_of_the_person(
    client: httpx.AsyncClient,
    make_person: MakePerson,
    db: Database,
    push_service: PushStandIn,
    clock: ManualClock,
) -> None:
    clock.moment = clock.moment.replace(hour=23, minute=30)
    night_owl = Asking(client, await make_person())
    await device(db, night_owl, push_service)
    await night_owl.post(PATH)
    assert push_service.messages[0]["payload"]["reminderDate"] == "2026-03-05"


async def test_preferences_and_quiet_hours_do_not_matter_and_nothing_is_logged(
    ann: Asking, db: Database, push_service: PushStandIn
) -> None:
    await device(db, ann, push_service)
    await ann.patch("notifications/preferences", enabled=False, quietHoursStart="00:00")
    assert (await ann.post(PATH)).data["sent"] == 1
    assert await db.fetchval("SELECT count(*) FROM notification_jobs") == 0
    assert await db.fetchval("SELECT count(*) FROM notification_deliveries") == 0


async def test_F21_failures_are_told_without_what_the_service_said_and_dead_devices_expire(
    ann: Asking, db: Database, push_service: PushStandIn
) -> None:
    endpoints = [await device(db, ann, push_service) for _ in range(5)]
    push_service.behave(endpoints[0], status=410)
    push_service.behave(endpoints[1], status=404)
    push_service.behave(endpoints[2], status=403)
    push_service.behave(endpoints[3], way="disconnect")
    answer = await ann.post(PATH)
    assert answer.status == 200
    assert answer.data == {
        "sent": 1,
        "failed": 4,
        "errors": [
            "push service answered 410",
            "push service answered 404",
            "push service answered 403",
            "network error",
        ],
    }
    rows = await db.fetch("SELECT * FROM push_subscriptions ORDER BY id")
    assert [row["status"] for row in rows] == ["expired", "expired", "active", "active", "active"]
    assert {row["failure_count"] for row in rows} == {0}
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 1


async def test_everything_failing_is_still_an_answer(
    ann: Asking, db: Database, push_service: PushStandIn
) -> None:
    await device(db, ann, push_service)
    push_service.behave(status=500)
    assert (await ann.post(PATH)).data["failed"] == 1


async def test_without_a_device_it_is_400(
    ann: Asking, db: Database, push_service: PushStandIn
) -> None:
    answer = await ann.post(PATH)
    assert (answer.status, answer.error) == (400, "Er zijn geen actieve pushabonnementen.")
    await device(db, ann, push_service)
    await db.execute("UPDATE push_subscriptions SET status = 'revoked'")
    assert (await ann.post(PATH)).status == 400


async def test_only_ones_own_devices_get_it(
    ann: Asking, bob: Asking, db: Database, push_service: PushStandIn
) -> None:
    await device(db, bob, push_service)
    assert (await ann.post(PATH)).status == 400
    assert not push_service.attempts


async def test_F21_five_a_minute_and_no_more(
    ann: Asking, bob: Asking, db: Database, push_service: PushStandIn
) -> None:
    for who in (ann, bob):
        await device(db, who, push_service)
    assert [(await ann.post(PATH)).status for _ in range(6)] == [200] * 5 + [429]
    assert (await bob.post(PATH)).status == 200


BAD_TITLES: list[object] = ["", "t" * 121, None, 5]
BAD_BODIES: list[object] = ["", "b" * 241, None, []]


@pytest.mark.parametrize(
    "body",
    [*({"title": text} for text in BAD_TITLES), *({"body": text} for text in BAD_BODIES)],
)
async def test_a_bad_text_is_400(
    ann: Asking, db: Database, push_service: PushStandIn, body: dict[str, Any]
) -> None:
    await device(db, ann, push_service)
    assert (await ann.post(PATH, **body)).status == 400
    assert not push_service.attempts


async def test_the_longest_texts_arrive(
    ann: Asking, db: Database, push_service: PushStandIn
) -> None:
    await device(db, ann, push_service)
    answer = await ann.post(PATH, title="\U0001f3c3" * 120, body="\U0001f3c3" * 240)
    assert answer.data["sent"] == 1


async def test_F4_a_stored_address_that_is_no_push_service_gets_nothing(
    environ: dict[str, str], db: Database, push_service: PushStandIn, clock: ManualClock
) -> None:
    strict = {**environ, **PUSH_ENVIRON, "WEB_PUSH_ALLOWED_HOSTS": ""}
    async with _asking(strict, db, clock) as somebody:
        await device(db, somebody, push_service)
        answer = await somebody.post(PATH)
    assert answer.data == {"sent": 0, "failed": 1, "errors": ["forbidden"]}
    assert not push_service.attempts


async def test_without_keys_it_is_503(
    environ: dict[str, str], db: Database, clock: ManualClock
) -> None:
    async with _asking(environ, db, clock) as somebody:
        assert (await somebody.post(PATH)).status == 503
        found = (await somebody.get("notifications/preferences")).data
        assert (found["webPushConfigured"], found["vapidPublicKey"]) == (False, None)


async def test_F21_in_production_it_is_403_for_whoever_is_signed_in_whatever_they_send(
    environ: dict[str, str], db: Database, clock: ManualClock
) -> None:
    production = {**environ, **PUSH_ENVIRON, **PRODUCTION}
    async with _asking(production, db, clock) as somebody:
        for content in (b"{}", b"{bad", b'{"title": 5}'):
            answer = await somebody.ask("POST", PATH, content=content)
            assert (answer.status, answer.error) == (
                403,
                "Testmeldingen zijn hier uitgeschakeld.",
            )
        assert await somebody.without_token() == 401


@pytest.mark.parametrize("word", ["true", "1", "TRUE"])
async def test_in_production_it_can_be_switched_on(
    environ: dict[str, str], db: Database, clock: ManualClock, word: str
) -> None:
    allowed = {**environ, **PUSH_ENVIRON, **PRODUCTION, "PUSH_NOTIFICATIONS_TEST_MODE": word}
    async with _asking(allowed, db, clock) as somebody:
        assert (await somebody.post(PATH)).status == 400
