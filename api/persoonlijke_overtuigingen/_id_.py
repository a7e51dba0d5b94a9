"""One belief of one's own: renaming, finishing and deleting it."""

from typing import Literal

from msgspec import UNSET, UnsetType

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.tracking.model import BeliefChange, BeliefStatus
from api._lib.wire import Body, EntityId, Name
from api.persoonlijke_overtuigingen._belief import BeliefView, view


class Change(Body):
    name: Name | UnsetType = UNSET
    status: Literal["Actief", "Afgerond"] | UnsetType = UNSET


async def patch(ctx: Context, user: User, id: EntityId, body: Change) -> BeliefView:
    """Rename, finish or reopen an own belief; it pays when first finished only."""
    status = body.status if isinstance(body.status, UnsetType) else BeliefStatus(body.status)
    change = BeliefChange(name=body.name, status=status)
    return view(await tracking.change_personal_belief(ctx, user, id, change))


async def delete(ctx: Context, user: User, id: EntityId) -> None:
    """Delete an own belief."""
    await tracking.delete_personal_belief(ctx, user, id)
