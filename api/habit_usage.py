"""Ticking the good habits of a day."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from api._lib.context import Context, User
from api._lib.errors import bad_request
from api._lib.tracking import service as tracking
from api._lib.wire import ActivityDay, Body, EntityId, RecordId, Reply, UserId, Wire


class Day(Body):
    date: ActivityDay


class Tick(Body):
    """Older installed clients name the habit `methodId` (tracking D2)."""

    user_id: UserId
    date: ActivityDay
    goede_gewoonte_id: RecordId | UnsetType = UNSET
    method_id: RecordId | UnsetType = UNSET

    @property
    def habit_id(self) -> str:
        """The habit, by its newer name when both are sent."""
        for named in (self.goede_gewoonte_id, self.method_id):
            if named is not UNSET:
                return str(named)
        raise bad_request("field_required", field="goedeGewoonteId")


class Ticked(Wire):
    id: EntityId
    points_awarded: int


async def get(ctx: Context, user: User, query: Day) -> Sequence[str]:
    """Ids of the habits ticked on a day."""
    return await tracking.habits_of_day(ctx, user, query.date)


async def post(ctx: Context, user: User, body: Tick) -> Reply[Ticked]:
    """Tick a habit; ticking it again the same day changes nothing."""
    user.must_be(body.user_id)
    tick = await tracking.tick_habit(ctx, user, body.habit_id, body.date)
    status = 201 if tick.is_new else 200
    return Reply(Ticked(id=str(tick.id), points_awarded=tick.points), status=status)


async def delete(ctx: Context, user: User, query: Tick) -> None:
    """Take a tick back, with its points; doing so again changes nothing."""
    user.must_be(query.user_id)
    await tracking.untick_habit(ctx, user, query.habit_id, query.date)
