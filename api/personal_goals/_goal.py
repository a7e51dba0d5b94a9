"""A personal goal on the wire."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.tracking.model import Goal
from api._lib.wire import EntityId, Wire, filled, moment, present

Description = Annotated[str, Meta(max_length=1_000)]
Days = Annotated[list[Annotated[str, Meta(max_length=20)]], Meta(max_length=7)]


class GoalView(Wire):
    id: EntityId
    name: str
    user_id: str
    status: str
    created_at: str
    description: str | UnsetType = UNSET
    schedule_days: Sequence[str] | UnsetType = UNSET


def view(goal: Goal) -> GoalView:
    """A goal as the client sees it."""
    return GoalView(
        id=str(goal.id),
        name=goal.name,
        user_id=goal.user_id,
        status=goal.status,
        created_at=moment(goal.created_at),
        description=filled(goal.description),
        schedule_days=present(goal.schedule_days),
    )
