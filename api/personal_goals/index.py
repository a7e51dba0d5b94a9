"""Personal goals: the list, and new ones."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.wire import Body, Name, Reply, given
from api.personal_goals._goal import Days, Description, GoalView, view


class Which(Body):
    """Any other value than `voltooid` is as if it were absent."""

    include: str = ""


class NewGoal(Body):
    name: Name
    description: Description = ""
    schedule_days: Days | UnsetType = UNSET


async def get(ctx: Context, user: User, query: Which) -> Sequence[GoalView]:
    """The goals a user pursues, and on request those achieved."""
    goals = await tracking.goals_of(ctx, user, with_achieved=query.include == "voltooid")
    return [view(goal) for goal in goals]


async def post(ctx: Context, user: User, body: NewGoal) -> Reply[GoalView]:
    """Add a goal."""
    days = given(body.schedule_days)
    goal = await tracking.add_goal(ctx, user, body.name, body.description, days)
    return Reply(view(goal), status=201)
