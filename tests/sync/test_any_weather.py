"""Both directions at once: people use the app, coaches edit Airtable, workers send and read, and
everything fails now and then. It always ends with a comparison that finds nothing.

SEEDS_FROM=1000 takes other walks.
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from api._lib.accounts.service import erase
from api._lib.airtable.errors import AirtableError
from api._lib.context import Context, open_resources
from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from api._lib.sync.inbound.content import import_content, import_order
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.inbound.people import list_people, poll_people
from api._lib.sync.inbound.webhook_feed import drain
from api._lib.sync.inbound.webhooks import keep_registered
from api._lib.sync.reconcile.run import Reconciliation, Wish
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.services import Postgres, Redis
from tests.databases import Databases
from tests.scale import scaled
from tests.sync.coach import Coach
from tests.sync.compare import differences
from tests.sync.walk import Walk
from tests.sync.weather import SHORT, Weather
from tests.sync.world import World, signed_in
from tests.sync.zygote import Zygote

FROM = int(os.environ.get("SEEDS_FROM", "0"))
ROUNDS, STEPS = 14, 8
EDITED = ("goedeGewoontes", "methods", "goals", "daysOfWeek", "overtuigingen")
OTHERS = "SELECT * FROM users WHERE id <> $1 ORDER BY id"
HISTORY = """
SELECT t.airtable_record_id, t.reason, to_jsonb(l) AS link, to_jsonb(e) AS event
FROM sync_tombstones AS t
LEFT JOIN airtable_links AS l USING (entity_type, airtable_record_id)
LEFT JOIN outbox_events AS e ON e.entity_id = coalesce(t.entity_id, l.entity_id)
WHERE t.purged_at IS NULL ORDER BY e.id"""

Reading = Callable[[Context], Awaitable[object]]


def _content(name: str) -> Reading:
    return lambda ctx: import_content(ctx, CONTENT[name])


def _order(name: str) -> Reading:
    return lambda ctx: import_order(ctx, CONTENT[name])


async def _webhook(ctx: Context) -> None:
    await drain(ctx, only_news=False)


LISTINGS: list[Reading] = [list_people, *map(_content, EDITED)]
READINGS: list[Reading] = [*LISTINGS, poll_people, *map(_order, ("methods", "goals"))]


class Walkers:
    """Everybody in one walk."""

    def __init__(self, ctx: Context, world: World, weather: Weather, dice: random.Random) -> None:
        self._ctx = ctx
        self._world = world
        self._weather = weather
        self._dice = dice
        self._people = Walk(world, dice)
        self._coach = Coach(world, dice)
        self._first = world.user

    async def walk(self) -> None:
        """Use both stores in bad weather, while they are read all the time."""
        stop = asyncio.Event()
        reading = asyncio.create_task(self._keep_reading(stop))
        try:
            for number in range(ROUNDS):
                await self._people.steps(STEPS)
                self._coach.edit()
                if number % 5 == 4:
                    await self._leave()
                await self._weather.worsen()
                await asyncio.sleep(self._dice.uniform(0, 0.1))
        finally:
            stop.set()
            await reading

    async def _leave(self) -> None:
        """Somebody erases their account, sent or not."""
        found = await self._world.db.fetch(OTHERS, self._first)
        if found:
            await erase(self._ctx, signed_in(dict(self._dice.choice(found))))

    async def _keep_reading(self, stop: asyncio.Event) -> None:
        dice = random.Random(self._dice.random())
        while not stop.is_set():
            with suppress(AirtableError):
                await dice.choice([_webhook, dice.choice(READINGS)])(self._ctx)
            await asyncio.sleep(0.02)


async def read_all(ctx: Context) -> None:
    """Everything the reading jobs do, in fine weather."""
    for reading in LISTINGS:
        await reading(ctx)


async def walk(
    environ: dict[str, str], airtable: AirtableServer, workers: Zygote, seed: int
) -> None:
    """One walk, from an almost empty world to the comparison."""
    dice = random.Random(seed)
    configured = load_settings(environ, Role.WORKER)
    async with open_resources(configured, "mfa-worker") as resources:
        ctx = Context(resources)
        world = World(ctx.db, airtable, configured)
        await world.begin()
        await world.person("Bo")
        await world.person("Cato")
        await read_all(ctx)
        await keep_registered(ctx)
        weather = Weather(world, workers, environ, dice)
        weather.begin()
        await Walkers(ctx, world, weather, dice).walk()
        await weather.clear()
        await read_all(ctx)
        await weather.settle()
        await read_all(ctx)
        await agree(ctx, airtable)


async def agree(ctx: Context, airtable: AirtableServer) -> None:
    """Nothing differs, nothing is there twice, and nothing waits."""
    report = await Reconciliation(ctx, Wish()).go()
    found = {c.entity: c.differences or c.error for c in report.comparisons}
    different = {entity: what for entity, what in found.items() if what}
    assert different == {}, await _history(ctx.db)
    assert await differences(ctx.db, airtable) == []
    await _ended(ctx.db)


async def _history(db: Database) -> list[str]:
    """Everything known of what was deleted here but not in Airtable, and of links without rows."""
    rows = await db.fetch(HISTORY)
    return [str(dict(row)) for row in rows]


async def _ended(db: Database) -> None:
    open_events = (
        "SELECT count(*) FROM outbox_events WHERE status NOT IN ('processed', 'superseded')"
    )
    assert await db.fetchval(open_events) == 0


@pytest.mark.soak
def test_any_walk_in_any_weather_ends_with_equal_stores(
    postgres: Postgres,
    redis: Redis,
    databases: Databases,
    airtable_server: AirtableServer,
    worker_source: Zygote,
) -> None:
    # A walk never happens twice in the same way, so a failed one cannot be made smaller.
    @settings(max_examples=scaled(1, soak=200), phases=[Phase.generate])
    @given(st.integers(min_value=0, max_value=2**32))
    def check(seed: int) -> None:
        print("walk", FROM + seed)
        airtable_server.control.reset()
        redis.start()
        redis.flush()
        name = databases.borrow()
        environ = {
            "APP_ENV": "test",
            "DATABASE_URL": postgres.url(name),
            "REDIS_URL": redis.url(),
            "JWT_SECRET": "a secret of the tests, long enough to sign with",
            "AIRTABLE_MIN_INTERVAL_MS": "1",
            "AIRTABLE_WEBHOOKS_ENABLED": "true",
            "AIRTABLE_WEBHOOK_URL": "http://127.0.0.1:9/api/sync/airtable/webhook",
            **airtable_server.environ,
            **SHORT,
        }
        try:
            asyncio.run(walk(environ, airtable_server, worker_source, FROM + seed))
        finally:
            worker_source.kill_all()
            databases.give_back(name)

    check()
