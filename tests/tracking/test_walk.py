"""Random walks over everything people can do: what each step gave is what a recount finds."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from api._lib.clock import ManualClock
from api._lib.context import Context, Resources, User, open_resources
from api._lib.db import Database
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Standing
from api._lib.settings import Settings
from api._lib.tracking import service as tracking
from api._lib.tracking.model import BeliefChange, BeliefStatus
from tests.tracking.seed import add_content, add_program, record_id

ANN = "recAnn00000000001"
STEPS = 60


class Walk:
    """One person who does things at random."""

    def __init__(self, resources: Resources, clock: ManualClock, seed: int) -> None:
        self.resources = resources
        self.db = resources.db
        self.clock = clock
        self.random = Random(seed)
        self.user = participant()
        self.earned = 0
        self.ticks: list[tuple[str, date]] = []
        self.goals: list[UUID | str] = []
        self.own: list[UUID | str] = []
        self.top: Standing | None = None

    @property
    def ctx(self) -> Context:
        """A request at this moment."""
        return Context(self.resources)

    @property
    def today(self) -> date:
        """The person's day."""
        return self.ctx.today(self.user)

    async def step(self) -> None:
        """Do something, and note the points it was answered with."""
        todo = [self.method, self.tick, self.untick, self.goal, self.belief, self.own_belief,
                self.plan, self.remove_program, self.wait]  # fmt: skip
        before = await self.bonus()
        points = await self.random.choice(todo)()
        self.earned += points + await self.bonus() - before

    async def bonus(self) -> int:
        """Points of the ledger but those an answer tells itself."""
        found: int = await self.db.fetchval(
            "SELECT coalesce(sum(points), 0) FROM reward_ledger"
            " WHERE kind NOT IN ('belief', 'personal_belief')"
        )
        return found

    async def method(self) -> int:
        self.clock.advance(timedelta(seconds=11))
        session = await self.db.fetchval(
            "SELECT id::text FROM program_sessions ORDER BY md5(id::text || $1) LIMIT 1",
            str(self.random.random()),
        )
        done = tracking.DoneMethod(
            method_id=record_id("Meth", self.random.randrange(3)),
            session_id=self.random.choice([session, session, None]),
        )
        completion, is_new = await tracking.record_method(self.ctx, self.user, done)
        assert is_new
        return completion.points

    async def tick(self) -> int:
        habit = record_id("Habit", self.random.randrange(4))
        day = self.today - timedelta(days=self.random.randrange(4))
        self.ticks.append((habit, day))
        return (await tracking.tick_habit(self.ctx, self.user, habit, day)).points

    async def untick(self) -> int:
        if not self.ticks:
            return 0
        habit, day = self.random.choice(self.ticks)
        was_there = habit in await tracking.habits_of_day(self.ctx, self.user, day)
        await tracking.untick_habit(self.ctx, self.user, habit, day)
        return -rewards.HABIT_POINTS if was_there else 0

    async def goal(self) -> int:
        if len(self.goals) < 3:
            self.goals.append((await tracking.add_goal(self.ctx, self.user, "Lopen")).id)
        goal = str(self.random.choice(self.goals))
        done = await tracking.complete_goal(self.ctx, self.user, goal, self.today)
        return done.recorded.points

    async def belief(self) -> int:
        belief = record_id("Belief", self.random.randrange(4))
        return (await tracking.complete_belief(self.ctx, self.user, belief, self.today)).points

    async def own_belief(self) -> int:
        if len(self.own) < 3:
            self.own.append((await tracking.add_personal_belief(self.ctx, self.user, "Ja")).id)
        belief = self.random.choice(self.own)
        paid = await self.is_paid(belief)
        status = self.random.choice([BeliefStatus.FINISHED, BeliefStatus.ACTIVE])
        change = BeliefChange(status=status)
        await tracking.change_personal_belief(self.ctx, self.user, str(belief), change)
        return await self.is_paid(belief) - paid

    async def is_paid(self, belief: UUID | str) -> int:
        found: int = await self.db.fetchval(
            "SELECT count(*) FROM reward_ledger WHERE kind = 'personal_belief' AND ref = $1",
            str(belief),
        )
        return found

    async def plan(self) -> int:
        days = [self.today + timedelta(days=n) for n in range(self.random.randrange(1, 7))]
        await add_program(self.db, ANN, self.today, [(day, [0, 1]) for day in days])
        return 0

    async def remove_program(self) -> int:
        async with self.db.transaction() as tx:
            before = await rewards.lock_for_removal(tx, ANN, self.today)
            await tx.execute(
                "DELETE FROM programs WHERE id IN (SELECT id FROM programs ORDER BY id LIMIT 1)"
            )
            await rewards.count(tx, ANN, self.today, before)
        return 0

    async def wait(self) -> int:
        self.clock.advance(timedelta(days=self.random.choice([1, 1, 1, 2, 30, 90])))
        return 0

    async def check(self) -> None:
        """The standing is the sum of the steps, and nothing was lost or contradicts itself."""
        now, _ = await rewards.standing(self.ctx, self.user)
        assert now.total_points == self.earned
        assert 0 <= now.current_streak <= now.longest_streak
        assert len(set(now.badges)) == len(now.badges)
        if self.top is not None:
            assert now.level >= self.top.level
            assert now.longest_streak >= self.top.longest_streak
            assert list(now.badges)[: len(self.top.badges)] == list(self.top.badges)
        self.top = now


def participant() -> User:
    return User(
        id=ANN,
        presented_id=ANN,
        email="ann@example.com",
        name="Ann",
        role=None,
        language="nl",
        zone="Europe/Brussels",
        sid=None,
        token_issued_at=0,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        last_login_on=None,
    )


@pytest.fixture
async def resources(
    settings: Settings, clock: ManualClock, db: Database
) -> AsyncIterator[Resources]:
    """What a process holds open."""
    async with open_resources(settings, clock=clock, database=db) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(6))
async def test_a_recount_equals_the_sum_of_the_steps(
    resources: Resources, clock: ManualClock, db: Database, seed: int
) -> None:
    await add_content(db)
    await db.execute("INSERT INTO users (id, email, name) VALUES ($1, 'ann@x.be', 'Ann')", ANN)
    walk = Walk(resources, clock, seed)
    for _ in range(STEPS):
        await walk.step()
        await walk.check()
    person = rewards.Person(ANN, walk.today)
    await rewards.recalculate(db, person, clock.now())
    assert not await rewards.recalculate(db, person, clock.now())
    await walk.check()
