"""One personal goal: changing and deleting it."""

from typing import Literal

from msgspec import UNSET, UnsetType, structs

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.tracking.model import GoalChange, GoalStatus
from api._lib.wire import Body, EntityId, Name
from api.personal_goals._goal import Days, Description, GoalView, view


class Change(Body):
    """Absent = unchanged; null clears."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    status: Literal["Actief", "Voltooid", "Verwijderd"] | UnsetType = UNSET
    schedule_days: Days | UnsetType | None = UNSET


async def patch(ctx: Context, user: User, id: EntityId, body: Change) -> GoalView:
    """Change an own goal."""
    status = body.status if isinstance(body.status, UnsetType) else GoalStatus(body.status)
    change = GoalChange(**structs.asdict(body) | {"status": status})
    return view(await tracking.change_goal(ctx, user, id, change))


async def delete(ctx: Context, user: User, id: EntityId) -> None:
    """Delete an own goal; its completions keep counting."""
    await tracking.delete_goal(ctx, user, id)
