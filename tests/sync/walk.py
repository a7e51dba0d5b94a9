"""What people do in the app, at random, over all kinds of records."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg

from api._lib.airtable.entities import EntityType as E
from api._lib.outbox import enqueue
from tests.sync.world import MONDAY, World

PEOPLE = "SELECT id::text FROM users WHERE status = 'active' ORDER BY id"
ALIVE = "status <> 'Verwijderd'"
MINE = {
    "program_sessions": "program_id IN (SELECT id FROM programs WHERE user_id = $1)",
}
"""How to tell whose rows are; other tables say it themselves."""


class Walk:
    """Random steps; each is one transaction, as in the app."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice

    async def steps(self, number: int) -> None:
        """Let people do that many things."""
        choices: list[Callable[[], Awaitable[object]]] = [
            self.tick,
            self.untick,
            self.start_program,
            self.end_program,
            self.edit_program,
            self.edit_session,
            self.regenerate,
            self.practise,
            self.remark,
            self.set_goal,
            self.edit_goal,
            self.drop_goal,
            self.reach_goal,
            self.believe,
            self.write_belief,
            self.edit_belief,
            self.drop_belief,
            self.edit_person,
            self.earn,
        ]
        for _ in range(number):
            people = [row["id"] for row in await self._world.db.fetch(PEOPLE)]
            if people:
                self._world.user = self._dice.choice(people)
                await self._dice.choice(choices)()

    async def tick(self) -> None:
        """Tick a habit, if it is not ticked yet."""
        try:
            await self._world.tick(self._dice.randrange(30), self._dice.randrange(3))
        except asyncpg.UniqueViolationError:
            return

    async def untick(self) -> None:
        """Take a tick back."""
        if tick := await self._any("habit_completions"):
            await self._world.untick(tick)

    async def start_program(self) -> None:
        """Make a program with a few sessions."""
        await self._world.program(sessions=self._dice.randrange(4))

    async def end_program(self) -> None:
        """Delete a program."""
        if program := await self._any("programs"):
            await self._world.remove_program(program)

    async def edit_program(self) -> None:
        """Change a program's name, or empty it."""
        if program := await self._any("programs"):
            name = self._dice.choice([None, "Rust", "Slaap"])
            await self._world.change(E.PROGRAM, program, name=name)

    async def edit_session(self) -> None:
        """Change what a session says."""
        if session := await self._any("program_sessions"):
            notes = self._dice.choice([None, "Rustig", "Buiten"])
            await self._world.change(E.PROGRAM_SCHEDULE, session, notes=notes)

    async def practise(self) -> None:
        """Complete a method, in a session or without one."""
        session = await self._any("program_sessions") if self._dice.random() < 0.7 else None
        program = await self._any("programs")
        if session:
            find = "SELECT program_id FROM program_sessions WHERE id = $1"
            program = await self._world.db.fetchval(find, session)
        await self._world.add(
            E.METHOD_USAGE,
            method_id=self._dice.choice(self._world.methods),
            completed_on=MONDAY,
            points=5,
            program_id=program,
            session_id=session,
        )

    async def remark(self) -> None:
        """Say something about a completed method."""
        if usage := await self._any("method_completions"):
            remark = self._dice.choice([None, "Fijn", "Lastig"])
            await self._world.change(E.METHOD_USAGE, usage, remark=remark)

    async def regenerate(self) -> None:
        """Replace a session; what was done in it stays with the program."""
        session = await self._any("program_sessions")
        if not session:
            return
        world = self._world
        async with world.db.transaction() as tx:
            usages = await tx.fetch(
                """UPDATE method_completions SET session_id = NULL
                   WHERE session_id = $1 RETURNING id""",
                session,
            )
            await tx.execute("DELETE FROM program_sessions WHERE id = $1", session)
            await enqueue(
                tx,
                [
                    world.deletion(E.PROGRAM_SCHEDULE, session),
                    *(world.event(E.METHOD_USAGE, row["id"]) for row in usages),
                ],
            )

    async def set_goal(self) -> None:
        """Make a personal goal."""
        await self._world.add(E.PERSONAL_GOAL, name="Wandelen", schedule_days=["Maandag"])

    async def edit_goal(self) -> None:
        """Change a personal goal."""
        if goal := await self._any("personal_goals", ALIVE):
            name, days = self._dice.choice([("Lezen", None), ("Wandelen", ["Zondag"])])
            await self._world.change(E.PERSONAL_GOAL, goal, name=name, schedule_days=days)

    async def drop_goal(self) -> None:
        """Remove a personal goal; its row stays, marked."""
        if goal := await self._any("personal_goals", ALIVE):
            async with self._world.db.transaction() as tx:
                await tx.execute(
                    "UPDATE personal_goals SET status = 'Verwijderd' WHERE id = $1", goal
                )
                done = await tx.fetch(
                    """DELETE FROM personal_goal_completions
                       WHERE personal_goal_id = $1 RETURNING id""",
                    goal,
                )
                gone = [self._world.deletion(E.PERSONAL_GOAL_USAGE, row["id"]) for row in done]
                await enqueue(tx, [self._world.deletion(E.PERSONAL_GOAL, goal), *gone])

    async def reach_goal(self) -> None:
        """Complete a personal goal."""
        if goal := await self._any("personal_goals", ALIVE):
            day = MONDAY + timedelta(days=self._dice.randrange(9))
            await self._world.add(E.PERSONAL_GOAL_USAGE, personal_goal_id=goal, completed_on=day)

    async def believe(self) -> None:
        """Complete a belief, once ever."""
        try:
            await self._world.add(
                E.OVERTUIGING_USAGE,
                belief_id=self._dice.choice(self._world.beliefs),
                program_id=await self._any("programs"),
                completed_on=MONDAY,
            )
        except asyncpg.UniqueViolationError:
            return

    async def write_belief(self) -> None:
        """Write a belief of one's own."""
        program = await self._any("programs")
        await self._world.add(E.PERSOONLIJKE_OVERTUIGING, name="Ik kan dit", program_id=program)

    async def edit_belief(self) -> None:
        """Finish a belief of one's own."""
        if belief := await self._any("personal_beliefs", ALIVE):
            await self._world.change(
                E.PERSOONLIJKE_OVERTUIGING, belief, status="Afgerond", completed_on=MONDAY
            )

    async def drop_belief(self) -> None:
        """Remove a belief of one's own; its row stays, marked."""
        if belief := await self._any("personal_beliefs", ALIVE):
            async with self._world.db.transaction() as tx:
                await tx.execute(
                    "UPDATE personal_beliefs SET status = 'Verwijderd' WHERE id = $1", belief
                )
                await enqueue(tx, [self._world.deletion(E.PERSOONLIJKE_OVERTUIGING, belief)])

    async def edit_person(self) -> None:
        """Change one's language or name."""
        if self._dice.random() < 0.5:
            language = self._dice.choice(["nl", "fr", "en"])
            await self._world.change_user("language_code", language_code=language)
        else:
            await self._world.change_user("name", name=self._dice.choice(["An", "Bo", "Cato"]))

    async def earn(self) -> None:
        """Get points and a longer streak."""
        async with self._world.db.transaction() as tx:
            await tx.execute(
                """UPDATE user_rewards SET bonus_points = bonus_points + 5,
                   longest_streak = longest_streak + 1 WHERE user_id = $1""",
                self._world.user,
            )
            await enqueue(tx, [self._world.event(E.USER, self._world.user)])

    async def _any(self, relation: str, where: str = "true") -> UUID | None:
        mine = MINE.get(relation, "user_id = $1")
        rows = await self._world.db.fetch(
            f"SELECT id FROM {relation} WHERE {mine} AND {where} ORDER BY id", self._world.user
        )
        return self._dice.choice(rows)["id"] if rows else None
