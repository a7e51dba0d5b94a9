"""Erasing oneself, here and in Airtable, for good (F-A8)."""

import asyncio
from datetime import date
from typing import Any

import httpx
import pytest

from api._lib.accounts import tokens
from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import ENTITIES
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.context import Context
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.inbound.people import list_people, poll_people, take_people
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.accounts.visitor import Answer, Visitor, settled
from tests.endpoints.conftest import MakePerson
from tests.people import CHEAP_HASH, Person
from tests.sync.world import World

DAY = date(2026, 3, 4)


async def erase(visitor: Visitor, **body: Any) -> Answer:
    return (
        await visitor.ask("POST", "account/nuke", json=body)
        if body
        else await visitor.ask("POST", "account/nuke")
    )


@pytest.fixture
async def signed_in(visitor: Visitor, person: Person) -> Visitor:
    """The person, signed in."""
    visitor.token = person.headers["authorization"].removeprefix("Bearer ")
    return visitor


@pytest.fixture
async def world(app: App, store: Database, airtable: AirtableServer, settings: Settings) -> World:
    """Somebody with records of every kind on both sides, and somebody else."""
    made = World(store, airtable, settings)
    await made.begin()
    await store.execute("UPDATE users SET password_hash = $1", CHEAP_HASH)
    program, sessions = await made.program(sessions=3)
    for day in range(4):
        await made.tick(day)
    common = {"completed_on": DAY}
    await made.add(
        E.METHOD_USAGE,
        method_id=made.methods[0],
        program_id=program,
        session_id=sessions[0],
        points=5,
        **common,
    )
    goal = await made.add(E.PERSONAL_GOAL, name="Lopen")
    await made.add(E.PERSONAL_GOAL_USAGE, personal_goal_id=goal, **common)
    await made.add(E.OVERTUIGING_USAGE, belief_id=made.beliefs[0], program_id=program, **common)
    await made.add(E.PERSOONLIJKE_OVERTUIGING, name="Ik kan dit", program_id=program)
    return made


@pytest.fixture
async def owner(
    client: httpx.AsyncClient, world: World, settings: Settings, clock: ManualClock, store: Database
) -> Visitor:
    """The person of the world, signed in with a password."""
    visitor = Visitor(client)
    email = await store.fetchval("SELECT email FROM users WHERE id = $1", world.user)
    assert (await visitor.login(email, "Voorbeeld-wachtwoord1")).status == 200
    return visitor


def remote(airtable: AirtableServer) -> dict[str, int]:
    """How many records of each kind are in Airtable."""
    return {
        entity.table.title: airtable.control.count(entity.table.title)
        for entity in ENTITIES.values()
    }


async def rows_of(store: Database, user_id: str) -> dict[str, int]:
    """Rows that name a person, by table."""
    tables = await store.fetch(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'user_id'"
    )
    found = {
        row["table_name"]: await store.fetchval(
            f"SELECT count(*) FROM {row['table_name']} WHERE user_id = $1", user_id
        )
        for row in tables
    }
    return {table: count for table, count in found.items() if count}


async def test_everything_goes_here_and_after_the_queue_drained_in_airtable(
    app: App,
    owner: Visitor,
    world: World,
    outbound: Outbound,
    store: Database,
    airtable: AirtableServer,
) -> None:
    bystander = await world.person("Bo")
    while await outbound.drain():
        pass
    assert all(remote(airtable).values()), remote(airtable)
    answer = await erase(owner, confirm=True)
    assert (answer.status, answer.cookie) == (200, "")
    deleted = answer.data["deleted"]
    assert deleted["airtableEventsQueued"] == 14
    assert deleted["postgres"] == {
        "magicLinkCodes": 0,
        "overtuigingUsage": 1,
        "goedeGewoonteUsage": 4,
        "persoonlijkeOvertuigingen": 1,
        "userDeleted": True,
        "syncOutbox": deleted["postgres"]["syncOutbox"],
        "syncDeadLetter": 0,
        "airtableIdMap": deleted["postgres"]["airtableIdMap"],
    }
    assert set(await rows_of(store, world.user)) == {"outbox_events"}
    while await outbound.drain():
        pass
    assert remote(airtable) == dict.fromkeys(remote(airtable), 0) | {"Gebruikers": 1}
    assert airtable.control.records("Gebruikers")[0]["id"] == bystander
    graves = await store.fetchrow(
        "SELECT count(*) AS count, count(purged_at) AS purged FROM sync_tombstones"
        " WHERE reason = 'erasure'"
    )
    assert graves is not None
    assert (graves["count"], graves["purged"]) == (14, 14)


async def test_polls_webhooks_and_logins_do_not_bring_the_person_back(
    app: App,
    owner: Visitor,
    visitor: Visitor,
    world: World,
    store: Database,
    airtable: AirtableServer,
) -> None:
    """Neither before Airtable has deleted the record, nor when the deletion never succeeds."""
    assert app.resources is not None
    email = await store.fetchval("SELECT email FROM users WHERE id = $1", world.user)
    assert (await erase(owner)).status == 200
    ctx = Context(app.resources)
    await poll_people(ctx)
    await list_people(ctx)
    await take_people(ctx, [world.user], [], Lane.INBOUND)
    assert (await visitor.login(email)).error == "Password is required"
    assert (await visitor.login(email, "Voorbeeld-wachtwoord1")).status == 401
    await visitor.request_link(email)
    await settled(app)
    assert airtable.control.count("Gebruikers") == 1
    assert await store.fetchval("SELECT count(*) FROM users WHERE id = $1", world.user) == 0


async def test_F_A7_all_tokens_are_dead_at_once(
    owner: Visitor, client: httpx.AsyncClient, store: Database
) -> None:
    copy = Visitor(client)
    copy.cookie, copy.token = owner.cookie, owner.token
    assert (await erase(owner)).status == 200
    assert (await copy.me()).status == 401
    body = {"name": "Zombie"}
    zombie = await copy.ask("POST", "persoonlijke-overtuigingen", json=body)
    assert zombie.status == 401
    assert (await erase(copy)).status == 401
    gone = await copy.refresh()
    assert (gone.status, gone.cookie) == (401, "")


async def test_a_create_under_way_is_deleted_although_it_was_never_linked(
    owner: Visitor, world: World, outbound: Outbound, store: Database, airtable: AirtableServer
) -> None:
    """The answer of the create was lost: the record may be there, so it is looked for."""
    while await outbound.drain():
        pass
    airtable.control.fault(method="PATCH", table="tbl3PAonRhbzyIe0o", when="after", drop=True)
    await world.tick(9)
    await outbound.drain()
    assert airtable.control.count("Goede gewoontes gebruik") == 5
    assert (await erase(owner)).status == 200
    await store.execute("UPDATE outbox_events SET next_attempt_at = now()")
    while await outbound.drain():
        pass
    assert airtable.control.count("Goede gewoontes gebruik") == 0


async def test_pending_events_of_the_person_vanish_with_their_dead_letters(
    owner: Visitor, world: World, store: Database
) -> None:
    await store.execute(
        """WITH dead AS (
               UPDATE outbox_events SET status = 'dead_letter', first_attempt_at = now()
               WHERE entity_type = 'personal_goal' RETURNING *)
           INSERT INTO outbox_dead_letters
               (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
           SELECT id, entity_type, entity_id, operation, 'permanent', '', 2 FROM dead"""
    )
    deleted = (await erase(owner)).data["deleted"]
    assert deleted["postgres"]["syncDeadLetter"] == 1
    assert deleted["airtableEventsQueued"] == 2
    left = await store.fetch("SELECT entity_type, operation FROM outbox_events ORDER BY id")
    assert [tuple(row) for row in left] == [("user", "delete"), ("personal_goal", "delete")]
    assert await store.fetchval("SELECT count(*) FROM outbox_dead_letters") == 0


async def test_killing_it_at_any_line_leaves_all_or_nothing(
    owner: Visitor, world: World, store: Database
) -> None:
    """It is one transaction: when its last statement fails, nothing happened."""
    await store.execute(
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'no'; END $$"""
    )
    await store.execute(
        "CREATE TRIGGER no BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    before = await rows_of(store, world.user)
    assert (await erase(owner)).status == 500
    await store.execute("DROP TRIGGER no ON users; DROP FUNCTION refuse()")
    assert await rows_of(store, world.user) == before
    assert await store.fetchval("SELECT count(*) FROM sync_tombstones") == 0


async def test_parallel_erasures_erase_once(owner: Visitor) -> None:
    answers = await asyncio.gather(*(erase(owner) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 4


@pytest.mark.parametrize("confirm", [False, None, "yes", 1])
async def test_a_confirmation_that_is_none_erases_nobody(
    signed_in: Visitor, store: Database, confirm: Any
) -> None:
    answer = await signed_in.ask("POST", "account/nuke", json={"confirm": confirm})
    assert answer.status == 400
    assert await store.fetchval("SELECT count(*) FROM users") == 1


async def test_former_records_do_not_come_back_either(
    signed_in: Visitor, person: Person, store: Database
) -> None:
    await store.execute(
        "INSERT INTO user_id_aliases (old_id, user_id, reason)"
        " VALUES ('recFORMER00000001', $1, 'test')",
        person.id,
    )
    assert (await erase(signed_in)).status == 200
    graves = await store.fetch("SELECT airtable_record_id FROM sync_tombstones")
    assert {row[0] for row in graves} == {person.id, "recFORMER00000001"}


class TestWithEverythingInAirtable:
    """A backend flag does not keep records of an erased person."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {
            "DATA_BACKEND_HABIT_USAGE": "airtable_only",
            "DATA_BACKEND_ALLOW_MIXED": "true",
        }

    async def test_linked_records_are_deleted_whatever_the_flag(
        self, signed_in: Visitor, person: Person, store: Database
    ) -> None:
        await store.execute(
            "INSERT INTO habits (id, name, sort_order) VALUES ($1, 'H', 0)", "recHABIT000000001"
        )
        tick = await store.fetchval(
            "INSERT INTO habit_completions (user_id, habit_id, completed_on)"
            " VALUES ($1, 'recHABIT000000001', $2) RETURNING id",
            person.id,
            DAY,
        )
        await store.execute(
            """INSERT INTO airtable_links
               (entity_type, entity_id, airtable_record_id, airtable_table_id)
               VALUES ('goede_gewoonte_usage', $1, 'recTICK0000000001', 'tbl3PAonRhbzyIe0o')""",
            str(tick),
        )
        assert (await erase(signed_in)).data["deleted"]["airtableEventsQueued"] == 2


async def test_ten_tries_an_hour(signed_in: Visitor) -> None:
    answers = [await erase(signed_in, confirm=True) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 401]


async def test_without_a_token_nothing_is_erased(
    visitor: Visitor, make_person: MakePerson, settings: Settings, clock: ManualClock
) -> None:
    person = await make_person(status="disabled")
    assert (await erase(visitor)).status == 401
    visitor.token = tokens.issue(
        settings.jwt_secret, "access", person.id, person.email, clock.now(), person.sid
    )
    assert (await erase(visitor)).status == 403


class TestWhereGoalsAreKeptHere:
    """A flag may have been set long after their records were made."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        """Goals live in Postgres only."""
        goals = ("DATA_BACKEND_PERSONAL_GOALS", "DATA_BACKEND_PERSONAL_GOAL_USAGE")
        return environ | dict.fromkeys(goals, "postgres_only")

    async def test_their_records_go_all_the_same(
        self, signed_in: Visitor, person: Person, store: Database
    ) -> None:
        goal = await store.fetchval(
            "INSERT INTO personal_goals (user_id, name) VALUES ($1, 'Lopen') RETURNING id::text",
            person.id,
        )
        await store.execute(
            "INSERT INTO airtable_links"
            " (entity_type, entity_id, airtable_record_id, airtable_table_id)"
            " VALUES ('personal_goal', $1, 'recGOAL0000000001', 'tblGoals')",
            goal,
        )
        assert (await erase(signed_in)).status == 200
        deletes = "SELECT entity_id FROM outbox_events WHERE operation = 'delete'"
        assert {row["entity_id"] for row in await store.fetch(deletes)} == {person.id, goal}
