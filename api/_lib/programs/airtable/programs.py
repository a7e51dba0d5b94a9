"""Programs where Airtable is the only store, and Postgres mirrors it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from api._lib.context import Context, User
from api._lib.programs.airtable import upkeep
from api._lib.programs.airtable.shelf import AirtableShelf
from api._lib.programs.airtable.work import AirtableWork
from api._lib.programs.contracts import Shelf, Work
from api._lib.programs.model import Program, Session

LONGEST_SECONDS = 60
"""A whole year of sessions takes some forty requests."""


class InAirtable:
    """Records that everything is read from; each change is written to their rows, too."""

    def shelf(self, ctx: Context, user: User) -> Shelf:
        """A person's programs, to look at."""
        return AirtableShelf(ctx, user.id)

    @asynccontextmanager
    async def work(self, ctx: Context, user: User, reason: str) -> AsyncIterator[Work]:
        """A person's programs, to change while nobody else changes them."""
        async with ctx.turns.of(user.id, LONGEST_SECONDS):
            yield AirtableWork(ctx, user, reason)

    async def loosen(
        self, ctx: Context, user: User, program: Program, gone: Sequence[Session]
    ) -> None:
        """Nothing: it is a part of the change."""

    async def roll(self, ctx: Context) -> int:
        """Store the status that follows from the dates, by each user's day; how many changed."""
        return await upkeep.roll(ctx)

    async def delete_old_drafts(self, ctx: Context) -> int:
        """Delete drafts that nobody touched for a day; how many there were."""
        return await upkeep.delete_old_drafts(ctx)
