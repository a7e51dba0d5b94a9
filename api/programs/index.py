"""A user's programs, and making one by hand."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from msgspec import Meta, field

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.model import ProgramItem, ProgramView
from api._lib.wire import Body, RecordId, Reply


class Wish(Body, kw_only=True):
    """A program to make; the manual wizard sends the dates only."""

    start_date: date
    duration: Annotated[str, Meta(max_length=64)]
    goals: list[RecordId] = field(default_factory=list)
    methods: list[RecordId] = field(default_factory=list)
    days_of_week: list[RecordId] = field(default_factory=list)
    overtuigingen: list[RecordId] = field(default_factory=list)
    notes: Annotated[str, Meta(max_length=5_000)] | None = None


async def get(ctx: Context, user: User) -> Sequence[ProgramItem]:
    """All programs, newest first, with their progress."""
    return await programs.programs(ctx, user)


async def post(ctx: Context, user: User, body: Wish) -> Reply[ProgramView]:
    """Make a program; days of another program are refused."""
    wish = programs.NewProgram(
        start=body.start_date,
        duration=body.duration,
        goals=body.goals,
        methods=body.methods,
        days=body.days_of_week,
        beliefs=body.overtuigingen,
        notes=body.notes,
    )
    return Reply(await programs.create(ctx, user, wish), status=201)
