"""Recalculating many people: for administrators and operators, safe to repeat."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from logging import getLogger

from msgspec import Struct, structs

from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.db import Database
from api._lib.errors import conflict, unavailable
from api._lib.outbox import enqueue, is_busy
from api._lib.rewards import store
from api._lib.rewards.model import Activity, Settlement
from api._lib.rewards.rules import points
from api._lib.rewards.rules.settlement import settle
from api._lib.rewards.service.engine import apply, differs, lock

log = getLogger(__name__)
BATCH = 500
PRIORITY = 5


class Totals(Struct):
    """How a run over all people went."""

    updated: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """How many people were looked at."""
        return self.updated + self.failed


class Person(Struct, frozen=True):
    """Somebody whose rewards are to be recalculated, on their own day."""

    id: str
    today: date


@asynccontextmanager
async def alone(db: Database) -> AsyncIterator[bool]:
    """Whether no other recalculation runs anywhere; none can begin until the block ends."""
    async with db.connection() as connection:
        yield await store.claim_recalculation(connection)


async def people(
    db: Database, now: datetime, default_zone: str, after: str = ""
) -> AsyncGenerator[Person, None]:
    """All active users in the order of their ids, those after `after`."""
    while batch := await store.active_users(db, after, BATCH):
        for user in batch:
            yield Person(user.id, local_day(now, user.zone, default_zone))
        after = batch[-1].id


async def person(db: Database, now: datetime, default_zone: str, user_id: str) -> Person | None:
    """One user, whatever their status."""
    user = await store.user(db, user_id)
    return None if user is None else Person(user.id, local_day(now, user.zone, default_zone))


async def count_people(db: Database, after: str = "") -> int:
    """How many `people` there will be."""
    return await store.count_active_users(db, after)


async def recalculate(
    db: Database, person: Person, now: datetime, *, dry_run: bool = False
) -> bool:
    """Recount everything for a person; whether anything changed, or would.

    New badges, levels and bonuses count as told: nobody is congratulated by surprise.
    """
    async with db.transaction() as tx:
        await lock(tx, person.id)
        facts = await store.count(tx, person.id, person.today, Activity())
        result = settle(facts, person.today)
        if not dry_run:
            events = await apply(
                tx, person.id, facts.account, result, announced_at=now, priority=PRIORITY
            )
            await enqueue(tx, events)
        return differs(facts.account, result)


async def refresh_all_scores(ctx: Context) -> Totals:
    """Store the scores of all active users as they are counted now.

    Raises a 409 while another recalculation runs and a 503 while too much waits for Airtable.
    """
    if await is_busy(ctx.db):
        raise unavailable()
    async with alone(ctx.db) as first:
        if not first:
            raise conflict("recalculation_running")
        return await _refresh_all(ctx)


async def _refresh_all(ctx: Context) -> Totals:
    totals = Totals()
    async for person in people(ctx.db, ctx.now, ctx.settings.notification_default_timezone):
        try:
            await _refresh_scores(ctx.db, person)
            totals.updated += 1
        except Exception:
            log.exception("scores were not refreshed", extra={"user_id": person.id})
            totals.failed += 1
    return totals


async def _refresh_scores(db: Database, person: Person) -> None:
    async with db.transaction() as tx:
        await lock(tx, person.id)
        facts = await store.read(tx, person.id, person.today)
        scores = points.scores(facts.tally)
        account = structs.replace(
            facts.account,
            total_points=scores.total,
            mental_fitness_score=scores.mental_fitness,
            personal_goals_score=scores.personal_goals,
            good_habits_score=scores.good_habits,
        )
        result = Settlement(account, ())
        await enqueue(tx, await apply(tx, person.id, facts.account, result, priority=PRIORITY))
