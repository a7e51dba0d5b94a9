"""The rows that mirror programs in Airtable, written in the same request."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.records import Record
from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.notifications import service as notifications
from api._lib.outbox import Event, enqueue
from api._lib.programs import events
from api._lib.programs.contracts import Outcome
from api._lib.programs.store import dates, mirrors, removing
from api._lib.rewards import service as rewards

PROGRAM, SESSION = EntityType.PROGRAM, EntityType.PROGRAM_SCHEDULE


class Stored(Struct, frozen=True, kw_only=True):
    """What was written to Airtable."""

    program: Record
    sessions: Sequence[Record]
    is_new: bool


class Mirror:
    """Brings rows in line with what somebody just changed, and asks for new reminders."""

    def __init__(self, ctx: Context, user: User, reason: str) -> None:
        self._ctx, self._user, self._reason = ctx, user, reason

    async def stored(self, outcome: Outcome, stored: Stored) -> None:
        """The rows of an outcome, and what comes with it that lives in Postgres."""

        async def block(tx: Transaction) -> list[Event]:
            made_at = self._ctx.now
            record, bridge = stored.program.record, self._ctx.bridge
            await bridge.take(tx, PROGRAM, [record], made_at=made_at if stored.is_new else None)
            await mirrors.note_end(tx, stored.program.id, outcome.program.end)
            sessions = [session.record for session in stored.sessions]
            await bridge.take(tx, SESSION, sessions, made_at=made_at)
            released = await self._released(tx, [str(session.id) for session in outcome.gone])
            await bridge.forget(tx, PROGRAM, [str(draft) for draft in outcome.drafts])
            return [*released, *await self._companions(tx, outcome, stored)]

        await self._run(block)

    async def session(self, record: Record) -> None:
        """The row of a session."""

        async def block(tx: Transaction) -> list[Event]:
            await self._ctx.bridge.take(tx, SESSION, [record.record])
            return []

        await self._run(block)

    async def deleted(self, program: str, sessions: Sequence[str]) -> None:
        """The rows of a program go; what was earned with it stays."""

        async def block(tx: Transaction) -> list[Event]:
            today = self._ctx.today(self._user)
            earned = await rewards.lock_for_removal(tx, self._user.id, today)
            await self._ctx.bridge.forget(tx, SESSION, sessions)
            await self._ctx.bridge.forget(tx, PROGRAM, [program])
            return await rewards.count(tx, self._user.id, today, earned)

        await self._run(block)

    async def _released(self, tx: Transaction, sessions: Sequence[str]) -> list[Event]:
        """Rows of completions lose the sessions that go, whichever store they live in."""
        rows = await mirrors.rows_of(tx, SESSION, sessions) if sessions else []
        released = await removing.release_completions(tx, rows) if rows else []
        await self._ctx.bridge.forget(tx, SESSION, sessions)
        return events.completions_saved(self._user.id, released)

    async def _companions(self, tx: Transaction, outcome: Outcome, stored: Stored) -> list[Event]:
        if outcome.habits:
            await content.choose_habits(tx, self._user.id, outcome.habits)
        if outcome.own_beliefs is None or stored.program.app_id is None:
            return []
        return await outcome.own_beliefs.store(tx, stored.program.app_id)

    async def _run(self, block: Callable[[Transaction], Awaitable[list[Event]]]) -> None:
        async def whole(tx: Transaction) -> None:
            await dates.hold_user(tx, self._user.id)
            changed = await block(tx)
            await notifications.mark_for_planning(tx, self._user.id, self._reason)
            await enqueue(tx, changed)

        await self._ctx.db.run(whole)
