"""Refreshing, rotating, ending sessions."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from api._lib.accounts.provisioning import Reading, apply_airtable_users
from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Settings
from tests.accounts.records import person_record
from tests.endpoints.accounts.visitor import Answer, Visitor
from tests.people import PASSWORD, Person, record_id
from tests.waiting import until_somebody_waits


def jti(answer: Answer) -> str:
    """The id of the refresh token in the cookie."""
    assert answer.cookie
    claims = jwt.decode(answer.cookie, options={"verify_signature": False})
    return str(claims["jti"])


def legacy_cookie(person_id: str, secret: str, clock: ManualClock, **changes: Any) -> str:
    """A refresh token of the former server."""
    now = int(clock.now().timestamp())
    claims = {"userId": person_id, "email": "x@voorbeeld.test", "typ": "refresh"}
    return jwt.encode(claims | {"iat": now - 3_600, "exp": now + 86_400} | changes, secret)


async def test_without_a_cookie_nobody_is_logged_in_and_nothing_is_counted(
    visitor: Visitor,
) -> None:
    for _ in range(320):
        answer = await visitor.refresh()
    assert (answer.status, answer.cookie) == (401, None)


async def test_a_refresh_answers_with_the_current_user(
    visitor: Visitor, person: Person, store: Database
) -> None:
    await visitor.login(person.email, PASSWORD)
    await store.execute("UPDATE users SET language_code = 'fr', email = 'ander@voorbeeld.test'")
    await store.execute("DELETE FROM outbox_events")
    answer = await visitor.refresh()
    assert answer.status == 200
    assert answer.data["user"]["languageCode"] == "fr"
    claims = jwt.decode(answer.data["accessToken"], options={"verify_signature": False})
    assert claims["email"] == "ander@voorbeeld.test"
    assert await store.fetchval("SELECT count(*) FROM outbox_events") == 0


async def test_example_10_the_rotation(
    client: httpx.AsyncClient, person: Person, clock: ManualClock
) -> None:
    visitor, tab, lost = Visitor(client), Visitor(client), Visitor(client)

    async def after(minutes: float, who: Visitor) -> Answer:
        clock.advance(timedelta(minutes=minutes))
        return await who.refresh()

    a = jti(await visitor.login(person.email, PASSWORD))
    lost.cookie = visitor.cookie
    b = jti(await after(10, lost))
    answer = await after(10, visitor)
    assert (answer.status, jti(answer)) == (200, b)
    tab.cookie = visitor.cookie
    assert jti(await after(0.5, visitor)) == b
    c = jti(await after(10, visitor))
    answer = await after(1 / 3, tab)
    assert (answer.status, jti(answer)) == (200, c)
    old = lost.cookie
    d = jti(await after(9 + 2 / 3, visitor))
    assert len({a, b, c, d}) == 4
    thief = Visitor(client)
    thief.cookie = old
    answer = await thief.refresh()
    assert (answer.status, answer.cookie) == (401, "")
    assert (await visitor.refresh()).status == 401


async def test_concurrent_refreshes_never_log_anybody_out(
    client: httpx.AsyncClient, person: Person, clock: ManualClock
) -> None:
    visitor = Visitor(client)
    await visitor.login(person.email, PASSWORD)
    clock.advance(timedelta(minutes=10))
    tabs = [Visitor(client) for _ in range(8)]
    for tab in tabs:
        tab.cookie = visitor.cookie
    answers = await asyncio.gather(*(tab.refresh() for tab in tabs))
    assert {answer.status for answer in answers} == {200}
    assert len({jti(answer) for answer in answers}) == 1
    assert (await tabs[0].refresh()).status == 200


async def test_F_A7_logout_revokes_even_a_copied_token(
    client: httpx.AsyncClient, person: Person
) -> None:
    visitor, copy = Visitor(client), Visitor(client)
    await visitor.login(person.email, PASSWORD)
    copy.cookie, copy.token = visitor.cookie, visitor.token
    visitor.token = None
    out = await visitor.ask("POST", "auth/logout")
    assert (out.status, out.cookie, visitor.cookie) == (200, "", None)
    refused = await copy.refresh()
    assert (refused.status, refused.cookie) == (401, "")
    assert (await copy.me()).status == 401


@pytest.mark.parametrize("cookie", [None, "rubbish", "a.b.c"])
async def test_logout_always_succeeds(visitor: Visitor, cookie: str | None) -> None:
    visitor.cookie = cookie
    answer = await visitor.ask("POST", "auth/logout")
    assert (answer.status, answer.cookie) == (200, "")
    assert answer.data["message"]


async def test_F_A7_a_session_ends_after_90_days_whatever_happens(
    visitor: Visitor, person: Person, clock: ManualClock
) -> None:
    await visitor.login(person.email, PASSWORD)
    for _ in range(14):
        clock.advance(timedelta(days=6))
        assert (await visitor.refresh()).status == 200
    clock.advance(timedelta(days=6))
    assert (await visitor.refresh()).status == 401


async def test_example_7_F_A3_a_block_in_airtable_shuts_out_at_once_and_for_good(
    visitor: Visitor, person: Person, store: Database, clock: ManualClock
) -> None:
    await visitor.login(person.email, PASSWORD)
    record = person_record(person.id, person.email, status="Geen toegang")
    told = Reading(started_at=clock.now())
    for _ in range(3):
        async with store.transaction() as tx:
            await apply_airtable_users(tx, [record], told, clock.now())
        refused = await visitor.ask("GET", "rewards")
        assert refused.status == 403
        assert (await visitor.login(person.email, PASSWORD)).status == 403
    kept = visitor.cookie
    answer = await visitor.refresh()
    assert (answer.status, answer.cookie) == (403, "")
    visitor.cookie = kept
    await store.execute("UPDATE users SET status = 'active'")
    assert (await visitor.refresh()).status == 401


@pytest.mark.parametrize(
    "changes", [{"typ": "access"}, {"typ": None}, {"exp": 1}, {"userId": ""}, {"iat": None}]
)
async def test_bad_cookies_are_cleared(
    visitor: Visitor,
    person: Person,
    settings: Settings,
    clock: ManualClock,
    changes: dict[str, Any],
) -> None:
    token = legacy_cookie(person.id, settings.jwt_secret, clock)
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    kept = {key: value for key, value in claims.items() if value is not None}
    visitor.cookie = jwt.encode(kept, settings.jwt_secret)
    answer = await visitor.refresh()
    assert (answer.status, answer.cookie) == (401, "")


async def test_a_session_opens_only_for_its_own_person(
    visitor: Visitor, person: Person, settings: Settings, clock: ManualClock, store: Database
) -> None:
    other = record_id("USER")
    await store.execute("INSERT INTO users (id, email, name) VALUES ($1, 'b@x.be', '')", other)
    visitor.cookie = legacy_cookie(
        other, settings.jwt_secret, clock, sid=str(person.sid), jti=str(person.jti)
    )
    assert (await visitor.refresh()).status == 401
    assert await store.fetchval("SELECT revoked_at FROM auth_sessions") is None


async def test_cookies_of_the_former_server_open_a_session_each(
    visitor: Visitor, person: Person, settings: Settings, clock: ManualClock, store: Database
) -> None:
    visitor.cookie = legacy_cookie(person.id, settings.jwt_secret, clock)
    answer = await visitor.refresh()
    assert answer.status == 200
    assert await store.fetchval("SELECT count(*) FROM auth_sessions") == 2
    assert (await visitor.refresh()).sid == answer.sid


async def test_F_A7_cookies_of_the_former_server_end_with_a_revocation(
    visitor: Visitor, person: Person, settings: Settings, clock: ManualClock, store: Database
) -> None:
    await store.execute("UPDATE users SET sessions_valid_from = $1", clock.now())
    visitor.cookie = legacy_cookie(person.id, settings.jwt_secret, clock)
    answer = await visitor.refresh()
    assert (answer.status, answer.cookie) == (401, "")


async def test_F_A7_a_revocation_under_way_ends_what_such_a_cookie_opens(
    visitor: Visitor, person: Person, settings: Settings, clock: ManualClock, store: Database
) -> None:
    visitor.cookie = legacy_cookie(person.id, settings.jwt_secret, clock)
    async with store.transaction() as tx:
        await tx.execute("UPDATE users SET sessions_valid_from = $1", clock.now())
        answering = asyncio.create_task(visitor.refresh())
        await until_somebody_waits(store)
    answer = await answering
    assert (answer.status, answer.cookie) == (401, "")
    assert await store.fetchval("SELECT count(*) FROM auth_sessions") == 1


async def test_F_A16_a_cookie_follows_its_person_not_the_address(
    visitor: Visitor, person: Person, settings: Settings, clock: ManualClock, store: Database
) -> None:
    former = record_id("OLD")
    visitor.cookie = legacy_cookie(former, settings.jwt_secret, clock, email=person.email)
    assert (await visitor.refresh()).status == 401
    await store.execute(
        "INSERT INTO user_id_aliases (old_id, user_id, reason) VALUES ($1, $2, 'test')",
        former,
        person.id,
    )
    visitor.cookie = legacy_cookie(former, settings.jwt_secret, clock, email=person.email)
    answer = await visitor.refresh()
    assert answer.data["user"]["id"] == person.id
    claims = jwt.decode(answer.data["accessToken"], options={"verify_signature": False})
    assert claims["userId"] == person.id


async def test_backend_trouble_leaves_the_cookie_alone(
    visitor: Visitor, person: Person, store: Database
) -> None:
    await visitor.login(person.email, PASSWORD)
    async with store.transaction() as tx:
        await tx.execute("LOCK TABLE auth_sessions IN ACCESS EXCLUSIVE MODE")
        answer = await visitor.refresh()
    assert (answer.status, answer.cookie) == (503, None)
    assert (await visitor.refresh()).status == 200
