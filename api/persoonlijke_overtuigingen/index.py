"""Beliefs of one's own: the list, and new ones."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.wire import Body, EntityId, Name, Reply, given
from api.persoonlijke_overtuigingen._belief import BeliefView, view


class NewBelief(Body):
    name: Name
    program_id: EntityId | UnsetType = UNSET


async def get(ctx: Context, user: User) -> Sequence[BeliefView]:
    """The user's own beliefs, finished ones included."""
    return [view(belief) for belief in await tracking.personal_beliefs_of(ctx, user)]


async def post(ctx: Context, user: User, body: NewBelief) -> Reply[BeliefView]:
    """Add a belief."""
    program = given(body.program_id)
    belief = await tracking.add_personal_belief(ctx, user, body.name, program)
    return Reply(view(belief), status=201)
