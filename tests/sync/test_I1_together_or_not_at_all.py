"""I1: a business change and its event commit together or not at all."""

import asyncio
from typing import Any

import asyncpg
import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.db import Database
from api._lib.outbox import CHANNEL, Event, enqueue
from tests.sync.world import World


class SecondThoughtsError(Exception):
    pass


async def test_I1_a_rolled_back_change_leaves_no_event(world: World) -> None:
    async def change() -> None:
        async with world.db.transaction() as tx:
            await world.tick_in(tx)
            raise SecondThoughtsError

    with pytest.raises(SecondThoughtsError):
        await change()
    assert await world.events() == []
    assert await world.db.fetchval("SELECT count(*) FROM habit_completions") == 0


async def test_I1_a_cancelled_change_leaves_no_event(world: World) -> None:
    entered = asyncio.Event()

    async def change() -> None:
        async with world.db.transaction() as tx:
            await world.tick_in(tx)
            entered.set()
            await asyncio.sleep(60)

    running = asyncio.create_task(change())
    await entered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await world.events() == []


async def test_O3_enqueueing_without_a_transaction_is_refused(db: Database) -> None:
    event = Event(entity_type=E.PROGRAM, entity_id="p")
    outside: Any = db
    with pytest.raises(TypeError):
        await enqueue(outside, [event])
    async with db.transaction() as tx:
        pass
    with pytest.raises((TypeError, asyncpg.InterfaceError)):
        await enqueue(tx, [event])


async def test_I1_the_call_to_the_workers_comes_with_the_commit(world: World) -> None:
    heard: list[str] = []
    async with world.db.connection() as listener:

        def hear(*call: object) -> None:
            heard.append(str(call[2]))

        await listener.add_listener(CHANNEL, hear)
        async with world.db.transaction() as tx:
            await world.tick_in(tx)
            await listener.execute("SELECT 1")
            assert heard == []
        await asyncio.wait_for(_until(lambda: bool(heard)), 5)
        await listener.remove_listener(CHANNEL, hear)
    assert heard == [CHANNEL]


async def test_O1_many_events_are_one_statement(world: World) -> None:
    statements: list[str] = []
    world.db.observe(statements.append)
    async with world.db.transaction() as tx:
        statements.clear()
        events = [Event(entity_type=E.PROGRAM_SCHEDULE, entity_id=str(n)) for n in range(28)]
        await enqueue(tx, events)
        assert len(statements) == 1


async def _until(ready: Any) -> None:
    while not ready():
        await asyncio.sleep(0.01)
