"""One program: looking at it, changing it, deleting it."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.answers import ProgramDetail
from api._lib.programs.model import ProgramView
from api._lib.wire import Body, EntityId, RecordId


class Change(Body, kw_only=True):
    """What is to be different; a list that is given replaces the stored one."""

    goals: list[RecordId] | UnsetType = UNSET
    methods: list[RecordId] | UnsetType = UNSET
    days_of_week: list[RecordId] | UnsetType = UNSET
    overtuigingen: list[RecordId] | UnsetType = UNSET
    notes: Annotated[str, Meta(max_length=5_000)] | UnsetType | None = UNSET


async def get(ctx: Context, user: User, id: EntityId) -> ProgramDetail:
    """A program with its sessions and the content it names."""
    return await programs.detail(ctx, user, id)


async def patch(ctx: Context, user: User, id: EntityId, body: Change) -> ProgramView:
    """Change lists and notes; what is not given stays."""
    changes = programs.Changes(
        goals=body.goals,
        methods=body.methods,
        days=body.days_of_week,
        beliefs=body.overtuigingen,
        notes=body.notes,
    )
    return await programs.change(ctx, user, id, changes)


async def delete(ctx: Context, user: User, id: EntityId) -> None:
    """Delete a program for good; what was earned with it stays."""
    await programs.delete(ctx, user, id)
