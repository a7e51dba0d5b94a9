"""The use cases of tracking, each by the store that its flag names."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from uuid import UUID

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.rewards import service as rewards
from api._lib.switching import Switch
from api._lib.tracking.airtable import beliefs as beliefs_in_airtable
from api._lib.tracking.airtable import confirming as confirming_in_airtable
from api._lib.tracking.airtable import goal_completions as goal_log_in_airtable
from api._lib.tracking.airtable import goals as goals_in_airtable
from api._lib.tracking.airtable import habits as habits_in_airtable
from api._lib.tracking.airtable import methods as methods_in_airtable
from api._lib.tracking.contracts import (
    Beliefs,
    BeliefsOfPrograms,
    DoneMethod,
    GoalLog,
    Goals,
    HabitTicks,
    MethodLog,
    NewBeliefs,
)
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
from api._lib.tracking.service import (
    beliefs,
    confirming,
    goal_completions,
    goals,
    habits,
    methods,
)
from api._lib.wire import Key

HABITS: Switch[HabitTicks] = Switch("HABIT_USAGE", postgres=habits, airtable=habits_in_airtable)
METHODS: Switch[MethodLog] = Switch(
    "METHOD_USAGE",
    postgres=methods,
    airtable=methods_in_airtable,
    with_kinds=(EntityType.PROGRAM, EntityType.PROGRAM_SCHEDULE),
)
GOALS: Switch[Goals] = Switch("PERSONAL_GOALS", postgres=goals, airtable=goals_in_airtable)
GOAL_LOG: Switch[GoalLog] = Switch(
    "PERSONAL_GOAL_USAGE",
    postgres=goal_completions,
    airtable=goal_log_in_airtable,
    with_kinds=(EntityType.PERSONAL_GOAL,),
)
BELIEFS: Switch[Beliefs] = Switch(
    "OVERTUIGING_USAGE", postgres=beliefs, airtable=beliefs_in_airtable
)

BELIEFS_OF_PROGRAMS: Switch[BeliefsOfPrograms] = Switch(
    "OVERTUIGING_USAGE", postgres=confirming, airtable=confirming_in_airtable
)


def own_beliefs(
    ctx: Context, user: User, program_id: UUID, names: Sequence[str]
) -> AbstractAsyncContextManager[NewBeliefs | None]:
    """Own beliefs while their new program is stored; what has to go with its rows, if anything."""
    return BELIEFS_OF_PROGRAMS.store(ctx).own_beliefs(ctx, user, program_id, names)


async def habits_of_day(ctx: Context, user: User, day: date) -> Sequence[str]:
    """Ids of the habits a user ticked on a day."""
    return await HABITS.read(ctx, "of_day", lambda c, store: store.habits_of_day(c, user, day))


async def tick_habit(ctx: Context, user: User, habit_id: str, day: date) -> Recorded:
    """Tick a habit for a day; ticking it again changes nothing and brings no points.

    Raises a 400 for a day outside the window and a 404 for an unknown habit.
    """
    tick = await HABITS.store(ctx).tick_habit(ctx, user, habit_id, day)
    rewards.publish(ctx, user)
    return tick


async def untick_habit(ctx: Context, user: User, habit_id: str, day: date) -> None:
    """Take a tick back with its points; raises a 404 for an unknown habit."""
    await HABITS.store(ctx).untick_habit(ctx, user, habit_id, day)
    rewards.publish(ctx, user)


async def record_method(
    ctx: Context, user: User, done: DoneMethod
) -> tuple[MethodCompletion, bool]:
    """Record that a method was done today; tells also whether it is new or a repeated request.

    Raises a 404 for a method, program or session that is unknown or another person's.
    """
    recorded = await METHODS.store(ctx).record_method(ctx, user, done)
    rewards.publish(ctx, user)
    return recorded


async def remark_on_method(
    ctx: Context, user: User, completion_id: str, remark: str
) -> MethodCompletion:
    """Change the remark of a completion; raises a 404 when it is not the user's own."""
    return await METHODS.store(ctx).remark_on_method(ctx, user, completion_id, remark)


async def methods_of_program(
    ctx: Context, user: User, program_id: str, limit: int
) -> Sequence[MethodCompletion]:
    """The newest completions of a program; raises a 404 when it is not the user's own (T1)."""
    return await METHODS.read(
        ctx,
        "by_program",
        lambda c, store: store.methods_of_program(c, user, program_id, limit),
    )


async def goals_of(ctx: Context, user: User, with_achieved: bool = False) -> Sequence[Goal]:
    """The goals a user pursues, oldest first, and on request those achieved."""
    return await GOALS.read(ctx, "list", lambda c, store: store.goals_of(c, user, with_achieved))


async def add_goal(
    ctx: Context,
    user: User,
    name: str,
    description: str | None = None,
    schedule_days: Sequence[str] | None = None,
) -> Goal:
    """Add a goal; raises a 400 at the limit of goals pursued at once and for unknown days."""
    return await GOALS.store(ctx).add_goal(ctx, user, name, description, schedule_days)


async def change_goal(ctx: Context, user: User, goal_id: str, change: GoalChange) -> Goal:
    """Change a goal; raises a 404 when it is not the user's own, and a 400 at the limit."""
    return await GOALS.store(ctx).change_goal(ctx, user, goal_id, change)


async def delete_goal(ctx: Context, user: User, goal_id: str) -> None:
    """Delete a goal and keep its completions; deleting it again changes nothing (T19)."""
    await GOALS.store(ctx).delete_goal(ctx, user, goal_id)


async def goal_counts(ctx: Context, user: User, day: date) -> Mapping[Key, GoalCount]:
    """How often each goal was completed, on a day and ever."""
    return await GOAL_LOG.read(ctx, "counts", lambda c, store: store.goal_counts(c, user, day))


async def complete_goal(ctx: Context, user: User, goal_id: str, day: date) -> GoalCompletion:
    """Complete a goal for a day; raises a 400 for a day outside the window, and a 404."""
    done = await GOAL_LOG.store(ctx).complete_goal(ctx, user, goal_id, day)
    rewards.publish(ctx, user)
    return done


async def completed_beliefs(ctx: Context, user: User) -> Sequence[str]:
    """Ids of the beliefs a user ever completed."""
    return await BELIEFS.read(ctx, "completed", lambda c, store: store.completed_beliefs(c, user))


async def complete_belief(
    ctx: Context, user: User, belief_id: str, day: date, program_id: str | None = None
) -> Recorded:
    """Complete a belief, which counts once ever; raises a 400 and a 404."""
    done = await BELIEFS.store(ctx).complete_belief(ctx, user, belief_id, day, program_id)
    rewards.publish(ctx, user)
    return done


async def personal_beliefs_of(ctx: Context, user: User) -> Sequence[PersonalBelief]:
    """The user's own beliefs, finished ones included, oldest first."""
    return await BELIEFS.read(ctx, "personal", lambda c, store: store.personal_beliefs_of(c, user))


async def add_personal_belief(
    ctx: Context, user: User, name: str, program_id: str | None = None
) -> PersonalBelief:
    """Add an own belief; raises a 400 at the limit and a 404 for a program not one's own."""
    return await BELIEFS.store(ctx).add_personal_belief(ctx, user, name, program_id)


async def change_personal_belief(
    ctx: Context, user: User, belief_id: str, change: BeliefChange
) -> PersonalBelief:
    """Rename, finish or reopen an own belief; finishing pays once ever (T12). Raises a 404."""
    changed = await BELIEFS.store(ctx).change_personal_belief(ctx, user, belief_id, change)
    rewards.publish(ctx, user)
    return changed


async def delete_personal_belief(ctx: Context, user: User, belief_id: str) -> None:
    """Delete an own belief and keep its point; deleting it again changes nothing."""
    await BELIEFS.store(ctx).delete_personal_belief(ctx, user, belief_id)
