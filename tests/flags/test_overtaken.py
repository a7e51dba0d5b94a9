"""An import may read a record before the request that wrote it has stored its row."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.mapping import ENTITIES
from api._lib.db import Transaction
from api._lib.sync.inbound.activity import ACTIVITIES
from api._lib.sync.inbound.activity_apply import Batch, apply_activity
from api._lib.sync.inbound.activity_records import read_activity
from api._lib.sync.inbound.reading import started
from tests.endpoints.asking import Answer
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as library
from tests.waiting import until_somebody_waits

TODAY = "2026-03-04"


async def overtake(server: Server, tx: Transaction, kind: E) -> None:
    """Store the records of a table as the imports do."""
    ctx, activity = server.ctx, ACTIVITIES[kind]
    began_at = await started(ctx.db)
    records, app_ids = await read_activity(ctx, activity)
    assert records
    batch = Batch(
        records=records,
        app_ids=app_ids,
        read_at=began_at,
        today=ctx.clock.now().date(),
        table_id=ctx.airtable.table_id(activity.entity.table),
        overwrites=False,
        is_owner=True,
    )
    await apply_activity(tx, activity, batch)


@asynccontextmanager
async def held(stage: Stage, user_id: str) -> AsyncIterator[None]:
    """No row of a request can be stored meanwhile."""
    async with stage.db.transaction() as tx:
        await tx.execute("SELECT FROM user_rewards WHERE user_id = $1 FOR UPDATE", user_id)
        yield


async def overtaken(server: Server, stage: Stage, kind: E, path: str, **body: Any) -> Answer:
    """A request whose record was imported before it could store the row itself."""
    async with held(stage, server.ann.id):
        asked = asyncio.create_task(server.ann.post(path, userId=server.ann.id, **body))
        await until_somebody_waits(stage.db)
        async with stage.db.transaction() as tx:
            await overtake(server, tx, kind)
    return await asked


async def tell(server: Server) -> Any:
    """What the person is told after a method."""
    award = {"activityType": "method", "activityId": library.BREATHE}
    return (await server.ann.post("rewards/award", **award)).data


async def test_R10_a_method_that_an_import_saw_first_is_told_all_the_same(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        done = await overtaken(
            server, stage, E.METHOD_USAGE, "method-usage", methodId=library.BREATHE
        )
        told = await tell(server)
        assert told["pointsAwarded"] == done.data["pointsAwarded"] > 0
        assert told["newBadges"] == ["eerste_sessie"]
        assert (await tell(server))["pointsAwarded"] == 0


async def test_a_belief_that_an_import_saw_first_is_paid_all_the_same(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        body = {"overtuigingId": library.CAN, "date": TODAY}
        done = await overtaken(server, stage, E.OVERTUIGING_USAGE, "overtuiging-usage", **body)
        rewards = await server.ann.get("rewards")
        assert done.data["pointsAwarded"] == rewards.data["bonusPoints"] == 1
        again = await server.ann.post("overtuiging-usage", userId=server.ann.id, **body)
        assert again.data["pointsAwarded"] == 0
        assert (await server.ann.get("rewards")).data["bonusPoints"] == 1


async def test_R22_a_row_that_an_import_stores_meanwhile_is_counted_by_its_request(
    stage: Stage,
) -> None:
    body = {"goedeGewoonteId": library.WATER, "date": TODAY}
    async with stage.server("airtable_only") as server:
        async with stage.db.transaction() as tx:
            async with held(stage, server.ann.id):
                request = server.ann.post("habit-usage", userId=server.ann.id, **body)
                asked = asyncio.create_task(request)
                await until_somebody_waits(stage.db)
                await overtake(server, tx, E.GOEDE_GEWOONTE_USAGE)
            await until_somebody_waits(stage.db)
        assert (await asked).status == 201
        rewards = await server.ann.get("rewards")
        assert rewards.data["lastActiveDate"] == TODAY
        assert rewards.data["badges"] == ["goede_start"]
    relation = ENTITIES[E.GOEDE_GEWOONTE_USAGE].relation
    assert await stage.db.fetchval(f"SELECT count(*) FROM {relation}") == 1
