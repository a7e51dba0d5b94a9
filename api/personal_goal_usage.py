"""Completing personal goals."""

from msgspec import UNSET, UnsetType

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.wire import ActivityDay, Body, EntityId, Reply, UserId, Wire


class Day(Body):
    date: ActivityDay
    user_id: UserId | UnsetType = UNSET


class Done(Body):
    user_id: UserId
    personal_goal_id: EntityId
    date: ActivityDay


class Count(Wire):
    today: int
    total: int


class Completed(Wire):
    id: EntityId
    points_awarded: int
    today_count: int
    total_count: int


async def get(ctx: Context, user: User, query: Day) -> dict[str, Count]:
    """How often each goal was completed, on a day and ever."""
    if not isinstance(query.user_id, UnsetType):
        user.must_be(query.user_id)
    counts = await tracking.goal_counts(ctx, user, query.date)
    return {str(goal): Count(today=n.today, total=n.total) for goal, n in counts.items()}


async def post(ctx: Context, user: User, body: Done) -> Reply[Completed]:
    """Complete a goal, as often a day as one likes; an `Idempotency-Key` sent again counts once."""
    user.must_be(body.user_id)
    done = await tracking.complete_goal(ctx, user, body.personal_goal_id, body.date)
    completed = Completed(
        id=str(done.recorded.id),
        points_awarded=done.recorded.points,
        today_count=done.count.today,
        total_count=done.count.total,
    )
    return Reply(completed, status=201 if done.recorded.is_new else 200)
