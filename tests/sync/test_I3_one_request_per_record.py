"""I3: at most one request per record is under way, over all workers."""

import asyncio

from api._lib.airtable.entities import EntityType as E
from api._lib.sync.claims import RENEW, Return, claim, count_attempt, give_back
from api._lib.sync.dead_letters import bury
from api._lib.sync.outbound import Outbound
from api._lib.sync.results import Delivered, finish, store_delivered, store_removed
from api._lib.sync.rules import ErrorClass
from tests.airtable import with_settings
from tests.sync.workers import eventually
from tests.sync.world import World

IS_TRIED = "SELECT bool_or(attempt_count > 0) FROM outbox_events"
ENDS = "SELECT max(lease_until) FROM outbox_events"
REFUSE_RENEWALS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
CREATE TRIGGER refuse BEFORE UPDATE OF lease_until ON outbox_events
FOR EACH ROW WHEN (new.status = 'processing') EXECUTE FUNCTION refuse()"""


async def test_I3_a_record_is_claimed_once(world: World) -> None:
    made = await world.add(E.PERSONAL_GOAL, name="A")
    (first,) = await claim(world.db, 200, 120, "one")
    await world.change(E.PERSONAL_GOAL, made, name="B")
    assert await claim(world.db, 200, 120, "two") == []
    await give_back(world.db, first.token, [Return(id=first.id)])
    (again,) = await claim(world.db, 200, 120, "two")
    assert again.entity_id == str(made)


async def test_I3_a_change_of_what_is_being_sent_holds_up_nothing_else(world: World) -> None:
    made = await world.add(E.PERSONAL_GOAL, name="A")
    assert len(await claim(world.db, 200, 120, "one")) == 1
    await world.change(E.PERSONAL_GOAL, made, name="B")
    tick = await world.tick()
    (other,) = await claim(world.db, 200, 120, "two")
    assert other.entity_id == str(tick)


async def test_I3_simultaneous_claims_share_the_records(world: World) -> None:
    for day in range(60):
        await world.tick(day=day)
    claims = await asyncio.gather(*(claim(world.db, 20, 120, f"w{n}") for n in range(6)))
    keys = [event.key for events in claims for event in events]
    assert len(keys) == len(set(keys)) == 60


async def test_I3_an_event_given_back_merges_with_the_one_queued_meanwhile(world: World) -> None:
    await world.change_user("name")
    (held,) = await claim(world.db, 1, 120, "one")
    await count_attempt(world.db, [held])
    await world.change_user("language_code", last_login_on=None)
    await give_back(world.db, held.token, [Return(id=held.id, wait=5, error_class="transient")])
    old, new = await world.events()
    assert (old["status"], old["superseded_by"]) == ("superseded", new["id"])
    assert new["status"] == "pending"
    assert new["changed_fields"] == ["language_code", "name"]
    assert new["created_at"] == old["created_at"]
    assert (new["attempt_count"], new["merged_count"]) == (1, 2)


async def test_I3_an_event_given_back_keeps_the_shared_fields_it_was_to_send(world: World) -> None:
    await world.change_user("name")
    (held,) = await claim(world.db, 1, 120, "one")
    await world.change_user()
    await give_back(world.db, held.token, [Return(id=held.id)])
    waiting = (await world.events())[-1]
    assert (waiting["status"], waiting["changed_fields"]) == ("pending", ["name"])


async def test_I3_a_lost_lease_loses_its_result(world: World, outbound: Outbound) -> None:
    await world.tick()
    (held,) = await claim(world.db, 1, 120, "one")
    await world.db.execute("UPDATE outbox_events SET lease_token = gen_random_uuid()")
    assert await count_attempt(world.db, [held]) == []
    await give_back(world.db, held.token, [Return(id=held.id)])
    assert await world.statuses() == ["processing"]


async def test_I3_without_its_lease_a_worker_ends_nothing(world: World) -> None:
    await world.tick()
    (held,) = await claim(world.db, 1, 120, "one")
    await world.db.execute("UPDATE outbox_events SET lease_token = gen_random_uuid()")
    record = "recTICK0000000001"
    made = Delivered(held, record, "tblTicks", "fingerprint", is_new=True)
    await finish(world.db, held.token, [held], "processed")
    await store_delivered(world.db, held.token, [made])
    await store_removed(world.db, held.token, {held.id: (held, [record])})
    assert not await bury(world.db, held.token, held.id, ErrorClass.BUG, "mine no more")
    assert await world.statuses() == ["processing"]
    for table in ("airtable_links", "sync_tombstones", "outbox_dead_letters"):
        assert await world.db.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_I3_a_lease_that_could_not_be_renewed_is_renewed_the_next_time(
    world: World, outbound: Outbound
) -> None:
    await outbound.drain()
    seen: list[str] = []
    world.db.observe(seen.append)
    settings = with_settings(world.settings, sync_lease_seconds=2)
    sender = Outbound(world.db, outbound.gateway, settings, "worker-2")
    await world.tick()

    async def is_renewed() -> bool:
        return bool(await world.db.fetchval(ENDS) > end)

    with world.airtable.base.lock:  # Airtable takes its time.
        sending = asyncio.create_task(sender.drain())
        await eventually(lambda: world.db.fetchval(IS_TRIED), what="the request")
        await world.db.execute(REFUSE_RENEWALS)
        seen.clear()
        await eventually(lambda: asyncio.sleep(0, RENEW in seen), what="a renewal that fails")
        await world.db.execute("DROP FUNCTION refuse CASCADE")
        end = await world.db.fetchval(ENDS)
        await eventually(is_renewed, what="the next renewal")
    await sending
    assert await world.statuses() == ["processed"]
    assert len(world.writes()) == 1


async def test_example_4_a_delete_waits_for_the_create_under_way(
    world: World, outbound: Outbound
) -> None:
    tick = await world.tick()
    world.airtable.control.fault(latency=0.5, method="PATCH")
    sending = asyncio.create_task(outbound.drain())
    while not (await world.events())[0]["attempt_count"]:
        await asyncio.sleep(0.01)
    await world.untick(tick)
    await sending
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}
    assert await world.statuses() == ["processed", "processed"]
    methods = [request["method"] for request in world.writes()]
    assert methods == ["PATCH", "DELETE"]


async def test_O17_waiting_raises_an_event(world: World) -> None:
    patient = await world.tick(day=1)
    await world.db.execute(
        "UPDATE outbox_events SET priority = 100, created_at = now() - interval '15 minutes'"
    )
    await world.tick(day=2)
    (first,) = await claim(world.db, 1, 120, "one")
    assert first.entity_id == str(patient)
