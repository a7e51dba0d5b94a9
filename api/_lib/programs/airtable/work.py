"""Changing programs in Airtable, in an order that a broken off change can be repeated in.

A new program belongs to nobody until all of it is written, so that its last request makes it
real. Of a program that is there, the sessions come first, then itself, then what goes.
"""

import logging
from collections.abc import Awaitable, Mapping, Sequence
from uuid import UUID

import asyncpg
from msgspec import structs

from api._lib.airtable.errors import AirtableError, TransientError
from api._lib.airtable.model import Table
from api._lib.airtable.personal import BELIEF_USAGES, PERSONAL_BELIEFS
from api._lib.airtable.programs import METHOD_USAGES, PROGRAMS, SESSIONS
from api._lib.airtable.records import Record
from api._lib.context import Context, User
from api._lib.db import DatabaseUnavailableError
from api._lib.errors import not_found
from api._lib.programs.airtable.cells import (
    program_cells,
    read_session,
    session_cells,
)
from api._lib.programs.airtable.completions import COMPLETIONS
from api._lib.programs.airtable.mirror import Mirror, Stored
from api._lib.programs.airtable.shelf import AirtableShelf
from api._lib.programs.contracts import Held, Outcome
from api._lib.programs.model import CreationType, Program, Session
from api._lib.wire import Key

log = logging.getLogger(__name__)

TOUCHED = (PROGRAMS, SESSIONS, METHOD_USAGES, PERSONAL_BELIEFS, BELIEF_USAGES)
AWAY = (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError)


class AirtableWork(AirtableShelf):
    """A person's programs while it is their turn."""

    def __init__(self, ctx: Context, user: User, reason: str) -> None:
        super().__init__(ctx, user.id)
        self._tables = ctx.tables
        self._mirror = Mirror(ctx, user, reason)
        self._may_be_changed = False
        """Whether an answer was lost, so that nothing may be taken back any more."""

    async def hold(self, program_id: str, *, alone: bool = False) -> Held | None:
        """One of them, as it is now."""
        found = await self.find(program_id)
        if found is None:
            return None
        program, sessions = found[0], await self.sessions(found[0])
        is_planned = program.days and program.methods
        begun = [] if is_planned or program.creation_type is CreationType.AI else sessions
        return Held(program, await self._is_draft(program), bool(sessions), begun)

    async def store(self, outcome: Outcome) -> Program:
        """Store an outcome; what was made for one that cannot be stored is taken back."""
        try:
            stored = await self._write(outcome)
            if outcome.own_beliefs or outcome.habits:
                await self._mirror.stored(outcome, stored)
        except Exception:
            if not self._may_be_changed:
                await self._take_back(outcome)
            raise
        await self._remove(SESSIONS, [str(session.id) for session in outcome.gone])
        if not (outcome.own_beliefs or outcome.habits):
            await _best_effort(self._mirror.stored(outcome, stored))
        return structs.replace(outcome.program, id=stored.program.id)

    async def store_session(self, program_id: Key, session: Session) -> Session:
        """Store what a session became."""
        cells = {
            "methods": list(session.methods),
            "goals": list(session.goals),
            "sessionDescription": session.description,
            "notes": session.notes,
        }
        record = await self._tables.change(SESSIONS, str(session.id), cells)
        if record is None:
            raise not_found()
        await _best_effort(self._mirror.session(record))
        return read_session(record, (await self._read()).done.get(record.id, ()))

    async def delete(self, program: Program) -> None:
        """Delete the sessions of a program, then itself; what was earned with it stays."""
        id = str(program.id)
        sessions = [record.id for record in (await self._read()).sessions.get(id, ())]
        await self._remove(SESSIONS, sessions)
        await self._remove(PROGRAMS, [id])
        await _best_effort(self._mirror.deleted(id, sessions))

    async def _write(self, outcome: Outcome) -> Stored:
        await self._remove(PROGRAMS, [str(draft) for draft in outcome.drafts])
        if outcome.before is None:
            return await self._create(outcome)
        id = str(outcome.program.id)
        sessions = await self._create_sessions(id, outcome)
        await self._loosen(id, outcome.gone)
        try:
            record = await self._change(id, _differing(outcome.before, outcome.program))
        except TransientError as error:
            self._may_be_changed = error.may_have_run
            raise
        return Stored(program=record, sessions=sessions, is_new=False)

    async def _create(self, outcome: Outcome) -> Stored:
        cells, owner = program_cells(outcome.program), {"user": [self._user_id]}
        if not outcome.sessions:
            record = await self._tables.create(PROGRAMS, _app_id(outcome), cells | owner)
            return Stored(program=record, sessions=(), is_new=True)
        record = await self._tables.create(PROGRAMS, _app_id(outcome), cells)
        sessions = await self._create_sessions(record.id, outcome)
        record = await self._change(record.id, owner)
        return Stored(program=record, sessions=sessions, is_new=True)

    async def _create_sessions(self, program: str, outcome: Outcome) -> Sequence[Record]:
        goals = outcome.program.goals
        wanted = {s.id: session_cells(program, s, goals) for s in outcome.sessions}
        return await self._tables.create_all(SESSIONS, wanted) if wanted else ()

    async def _loosen(self, program: str, gone: Sequence[Session]) -> None:
        library = await self._read()
        done = [one for session in gone for one in library.done[str(session.id)]]
        await COMPLETIONS.store(self._ctx).loosen(self._ctx, program, done)

    async def _change(self, program: str, cells: Mapping[str, object]) -> Record:
        record = await self._tables.change(PROGRAMS, program, cells)
        if record is None:
            raise not_found()
        return record

    async def _remove(self, table: Table, records: Sequence[str]) -> None:
        """Delete records; what others link to them is read anew, too."""
        if records:
            try:
                await self._tables.remove(table, records)
            finally:
                await self._tables.forget(*TOUCHED)

    async def _take_back(self, outcome: Outcome) -> None:
        """Delete what was made, as far as Airtable lets us; nobody else links to it yet."""
        made = {SESSIONS: {session.id for session in outcome.sessions}}
        if outcome.before is None:
            made[PROGRAMS] = {_app_id(outcome)}
        await self._tables.forget(*TOUCHED)
        try:
            for table, ids in made.items():
                found = await self._tables.scan(table) if ids else ()
                await self._remove(table, [record.id for record in found if record.app_id in ids])
        except AirtableError as error:
            log.warning("a change was broken off", extra={"reason": type(error).__name__})


def _app_id(outcome: Outcome) -> UUID:
    return UUID(str(outcome.program.id))


def _differing(before: Program, program: Program) -> dict[str, object]:
    old = program_cells(before)
    return {name: value for name, value in program_cells(program).items() if value != old[name]}


async def _best_effort(mirroring: Awaitable[None]) -> None:
    """Airtable has it, so the request has succeeded: the next listing makes trouble here good."""
    try:
        await mirroring
    except AWAY as error:
        log.warning("programs were written, their rows not yet", extra={"reason": str(error)})
