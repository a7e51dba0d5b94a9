"""Programs where Postgres is written first."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from api._lib.context import Context, User
from api._lib.programs.airtable.completions import COMPLETIONS
from api._lib.programs.contracts import Shelf, Work
from api._lib.programs.model import Program, Session
from api._lib.programs.postgres import upkeep
from api._lib.programs.postgres.shelf import PostgresShelf
from api._lib.programs.postgres.work import PostgresWork
from api._lib.programs.store import dates


class InPostgres:
    """Rows that everything is read from; Airtable learns of changes through the outbox."""

    def shelf(self, ctx: Context, user: User) -> Shelf:
        """A person's programs, to look at."""
        return PostgresShelf(ctx.db, user.id)

    @asynccontextmanager
    async def work(self, ctx: Context, user: User, reason: str) -> AsyncIterator[Work]:
        """A person's programs, to change in one transaction."""
        async with ctx.db.transaction() as tx:
            await dates.hold_user(tx, user.id)
            yield PostgresWork(ctx, tx, user, reason)

    async def loosen(
        self, ctx: Context, user: User, program: Program, gone: Sequence[Session]
    ) -> None:
        """Tie completions that live in Airtable to the program before their sessions go."""
        used = [id for session in gone for id in session.completions]
        if used:
            await COMPLETIONS.store(ctx).loosen_rows(ctx, user, program.id, used)

    async def roll(self, ctx: Context) -> int:
        """Store the status that follows from the dates, by each user's day; how many changed."""
        return await upkeep.roll(ctx)

    async def delete_old_drafts(self, ctx: Context) -> int:
        """Delete drafts that nobody touched for a day; how many there were."""
        return await upkeep.delete_old_drafts(ctx)
