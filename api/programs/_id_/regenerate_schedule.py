"""Planning the remaining days of a program anew."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.answers import Regenerated
from api._lib.wire import Body, EntityId, RecordId


class Regeneration(Body, kw_only=True):
    """On which days, for which goals, and how; `force` drops sessions with activity too."""

    days_of_week: Annotated[list[RecordId], Meta(min_length=1, max_length=200)]
    goals: Annotated[list[RecordId], Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    regenerate_method: Literal["ai", "simple"] = "simple"
    force: bool = False


async def post(ctx: Context, user: User, id: EntityId, body: Regeneration) -> Regenerated:
    """Replace the sessions of later days; when that fails, nothing has changed."""
    wish = programs.Regeneration(
        days=body.days_of_week,
        goals=None if isinstance(body.goals, UnsetType) else body.goals,
        method=body.regenerate_method,
        force=body.force,
    )
    return await programs.regenerate(ctx, user, id, wish)
