"""What each store of tracking can do; the use cases are the same in Postgres and in Airtable."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.outbox import Event
from api._lib.tracking.model import (
    BeliefChange,
    Goal,
    GoalChange,
    GoalCompletion,
    GoalCount,
    MethodCompletion,
    PersonalBelief,
    Recorded,
)
from api._lib.wire import Key


class DoneMethod(Struct, frozen=True, kw_only=True):
    """What somebody says they did: a method, and where in their programs."""

    method_id: str
    program_id: str | None = None
    session_id: str | None = None
    remark: str | None = None


class HabitTicks(Protocol):
    """The good habits of people, day by day."""

    async def habits_of_day(self, ctx: Context, user: User, day: date) -> Sequence[str]:
        """Ids of the habits a user ticked on a day."""

    async def tick_habit(self, ctx: Context, user: User, habit_id: str, day: date) -> Recorded:
        """Tick a habit; ticking it again changes nothing and brings no points."""

    async def untick_habit(self, ctx: Context, user: User, habit_id: str, day: date) -> None:
        """Take a tick back with its points; without a tick nothing happens."""


class MethodLog(Protocol):
    """The methods people did."""

    async def record_method(
        self, ctx: Context, user: User, done: DoneMethod
    ) -> tuple[MethodCompletion, bool]:
        """Record a method done today; tells also whether it is new."""

    async def remark_on_method(
        self, ctx: Context, user: User, completion_id: str, remark: str
    ) -> MethodCompletion:
        """Change the remark of a completion."""

    async def methods_of_program(
        self, ctx: Context, user: User, program_id: str, limit: int
    ) -> Sequence[MethodCompletion]:
        """The newest completions of a program."""


class Goals(Protocol):
    """Personal goals."""

    async def goals_of(
        self, ctx: Context, user: User, with_achieved: bool = False
    ) -> Sequence[Goal]:
        """The goals a user pursues, and on request those achieved."""

    async def add_goal(
        self,
        ctx: Context,
        user: User,
        name: str,
        description: str | None = None,
        schedule_days: Sequence[str] | None = None,
    ) -> Goal:
        """Add a goal."""

    async def change_goal(self, ctx: Context, user: User, goal_id: str, change: GoalChange) -> Goal:
        """Change a goal."""

    async def delete_goal(self, ctx: Context, user: User, goal_id: str) -> None:
        """Delete a goal and keep its completions."""


class GoalLog(Protocol):
    """Completions of personal goals."""

    async def goal_counts(self, ctx: Context, user: User, day: date) -> Mapping[Key, GoalCount]:
        """How often each goal was completed, on a day and ever."""

    async def complete_goal(
        self, ctx: Context, user: User, goal_id: str, day: date
    ) -> GoalCompletion:
        """Complete a goal for a day."""


class Beliefs(Protocol):
    """Completed beliefs, and the beliefs people wrote themselves."""

    async def completed_beliefs(self, ctx: Context, user: User) -> Sequence[str]:
        """Ids of the beliefs a user ever completed."""

    async def complete_belief(
        self, ctx: Context, user: User, belief_id: str, day: date, program_id: str | None = None
    ) -> Recorded:
        """Complete a belief, which counts once ever."""

    async def personal_beliefs_of(self, ctx: Context, user: User) -> Sequence[PersonalBelief]:
        """The user's own beliefs, finished ones included."""

    async def add_personal_belief(
        self, ctx: Context, user: User, name: str, program_id: str | None = None
    ) -> PersonalBelief:
        """Add an own belief."""

    async def change_personal_belief(
        self, ctx: Context, user: User, belief_id: str, change: BeliefChange
    ) -> PersonalBelief:
        """Rename, finish or reopen an own belief."""

    async def delete_personal_belief(self, ctx: Context, user: User, belief_id: str) -> None:
        """Delete an own belief and keep its point."""


class NewBeliefs(Protocol):
    """Own beliefs that come with a new program, and are stored with it."""

    async def store(self, tx: Transaction, program_id: Key) -> list[Event]:
        """Store them while the user is held; enqueue the events it returns."""


class BeliefsOfPrograms(Protocol):
    """Own beliefs that come with a new program."""

    def own_beliefs(
        self, ctx: Context, user: User, program_id: UUID, names: Sequence[str]
    ) -> AbstractAsyncContextManager[NewBeliefs | None]:
        """Beliefs while their program is stored; what has to go with its rows, if anything."""


class RemotePlace(Struct, frozen=True):
    """Where in the programs of a person something was done: the records to link, and their rows."""

    program: str | None = None
    session: str | None = None
    program_id: UUID | None = None
    session_id: UUID | None = None


class Places(Protocol):
    """Programs and sessions as records that others link to."""

    async def place(
        self, ctx: Context, user: User, program_id: str | None, session_id: str | None
    ) -> RemotePlace:
        """The person's own program and session of these ids; raises a 404."""


class PursuedGoals(Protocol):
    """Personal goals as records that completions link to."""

    async def pursued(self, ctx: Context, user: User, goal_id: str) -> str:
        """The record of an own goal that is pursued; raises a 404."""
