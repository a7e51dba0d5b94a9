"""Changing programs in Postgres, in one transaction with the events that Airtable needs (P9)."""

from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import conflict, not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import Event, enqueue
from api._lib.programs import events
from api._lib.programs.contracts import Held, Outcome
from api._lib.programs.model import Program, Session
from api._lib.programs.postgres.shelf import PostgresShelf
from api._lib.programs.store import dates, reading, removing, writing
from api._lib.rewards import service as rewards
from api._lib.wire import Key


class PostgresWork(PostgresShelf):
    """A person's programs in an open transaction that holds the user's row."""

    def __init__(self, ctx: Context, tx: Transaction, user: User, reason: str) -> None:
        super().__init__(tx, user.id)
        self._tx, self._ctx, self._user, self._reason = tx, ctx, user, reason

    async def hold(self, program_id: str, *, alone: bool = False) -> Held | None:
        """One of them; `alone` before it or sessions go, so that no activity is added meanwhile."""
        hold = reading.hold_alone if alone else reading.hold
        return await hold(self._tx, self._user_id, program_id)

    async def store(self, outcome: Outcome) -> Program:
        """Store an outcome; the program as it is then."""
        given_way = await self._drafts_gone(outcome)
        saved = await self._program_saved(outcome)
        exchanged = await self._sessions_exchanged(outcome)
        own = await self._companions(outcome)
        await self._finish([*given_way, saved, *exchanged, *own])
        return outcome.program

    async def store_session(self, program_id: Key, session: Session) -> Session:
        """Store what a session became."""
        await writing.update_session(self._tx, session)
        await self._finish(
            events.sessions_saved(self._user_id, [session.id], events.SESSION_EDITED)
        )
        found = await self.session(str(program_id), str(session.id))
        if found is None:
            raise not_found()
        return found[1]

    async def delete(self, program: Program) -> None:
        """Delete a program with its sessions; what was earned with it stays."""
        today = self._ctx.today(self._user)
        earned = await rewards.lock_for_removal(self._tx, self._user_id, today)
        sessions = await removing.delete_program(self._tx, program.id)
        counted = await rewards.count(self._tx, self._user_id, today, earned)
        gone = events.sessions_gone(self._user_id, sessions, events.GONE)
        await self._finish([*gone, *events.programs_gone(self._user_id, [program.id]), *counted])

    async def _drafts_gone(self, outcome: Outcome) -> list[Event]:
        """A draft in which somebody was just recording something is none any more."""
        if not outcome.drafts:
            return []
        gone = await dates.delete_drafts(self._tx, outcome.drafts)
        if len(gone) < len(outcome.drafts):
            raise conflict("program_overlap")
        return events.programs_gone(self._user_id, gone)

    async def _program_saved(self, outcome: Outcome) -> Event:
        program, before = outcome.program, outcome.before
        if before is None:
            await writing.insert(self._tx, self._user_id, program, outcome.weeks or 1)
        else:
            await writing.update(self._tx, program, outcome.weeks)
            for name in writing.LISTS:
                if getattr(program, name) != getattr(before, name):
                    await writing.replace_list(self._tx, program.id, name, getattr(program, name))
        return events.program_saved(self._user_id, program.id)

    async def _sessions_exchanged(self, outcome: Outcome) -> list[Event]:
        program, gone = outcome.program, [session.id for session in outcome.gone]
        released = await removing.release_completions(self._tx, gone) if gone else []
        if gone:
            await removing.delete_sessions(self._tx, gone)
        await writing.insert_sessions(self._tx, program.id, outcome.sessions, program.goals)
        new = (session.id for session in outcome.sessions)
        return [
            *events.completions_saved(self._user_id, released),
            *events.sessions_gone(self._user_id, gone, events.SESSION),
            *events.sessions_saved(self._user_id, new, outcome.priority),
        ]

    async def _companions(self, outcome: Outcome) -> list[Event]:
        if outcome.habits:
            await content.choose_habits(self._tx, self._user_id, outcome.habits)
        if outcome.own_beliefs is None:
            return []
        return await outcome.own_beliefs.store(self._tx, outcome.program.id)

    async def _finish(self, changed: list[Event]) -> None:
        await notifications.mark_for_planning(self._tx, self._user_id, self._reason)
        await enqueue(self._tx, changed)
