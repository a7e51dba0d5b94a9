"""Editing a session of a later day."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.model import SessionView
from api._lib.wire import Body, EntityId, RecordId


class Edit(Body, kw_only=True):
    """What the session becomes; goals and notes stay when they are not given."""

    methods: Annotated[list[RecordId], Meta(min_length=1, max_length=200)]
    goals: list[RecordId] | UnsetType = UNSET
    notes: Annotated[str, Meta(max_length=5_000)] | UnsetType | None = UNSET


async def patch(
    ctx: Context, user: User, id: EntityId, planning_id: EntityId, body: Edit
) -> SessionView:
    """Change a session; past ones and the one of today are locked."""
    edit = programs.SessionEdit(methods=body.methods, goals=body.goals, notes=body.notes)
    return await programs.edit_session(ctx, user, id, planning_id, edit)
