"""Looking at programs in Airtable: whole tables, kept for a minute, compared in code."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date

import asyncpg
from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.personal import BELIEF_USAGES
from api._lib.airtable.programs import PROGRAMS, SESSIONS
from api._lib.airtable.records import Record
from api._lib.context import Context
from api._lib.db import DatabaseUnavailableError, Queries
from api._lib.programs import views
from api._lib.programs.airtable.cells import is_bare, read_program, read_session
from api._lib.programs.airtable.completions import Done, done_by
from api._lib.programs.contracts import Overlap, Period
from api._lib.programs.model import Program, Session, Status
from api._lib.programs.rules.progress import Progress, progress
from api._lib.programs.rules.status import overlap
from api._lib.programs.store import mirrors
from api._lib.wire import Key


class Library(Struct, frozen=True):
    """Everything of a person, as it was found at one moment."""

    records: Sequence[Record]
    programs: Mapping[str, Program]
    """By record, those that can be read."""
    sessions: Mapping[str, Sequence[Record]]
    """By program, in the order of the schedule."""
    everything: Sequence[Done]
    """What was done, oldest first."""
    done: Mapping[str, Sequence[Done]]
    """By session."""
    direct: Mapping[str, Sequence[Done]]
    """By program, what was done without a session."""
    used: frozenset[str]
    """Programs that something was done in, as far as rows tell."""

    def schedule(self, program: str) -> list[Session]:
        """The sessions of a program with what was done in them."""
        found = self.sessions.get(program, ())
        return [read_session(record, self.done.get(record.id, ())) for record in found]


class AirtableShelf:
    """A person's programs; what was read once is not read again."""

    def __init__(self, ctx: Context, user_id: str) -> None:
        self.queries: Queries = ctx.db
        self._ctx = ctx
        self._user_id = user_id
        self._library: Library | None = None

    async def programs(self) -> list[tuple[Program, Progress]]:
        """All of them, newest first, each with how far it is."""
        library = await self._read()
        newest = sorted(library.records, key=lambda r: (r.created, r.id), reverse=True)
        found = [library.programs[r.id] for r in newest if r.id in library.programs]
        found.sort(key=lambda program: program.start, reverse=True)
        return [(program, _progress(library, program)) for program in found]

    async def find(self, program_id: str) -> tuple[Program, int] | None:
        """One of them, and its number of completions without session."""
        library = await self._read()
        kind = EntityType.PROGRAM
        record = await self._ctx.tables.find(kind, library.records, program_id)
        program = library.programs.get(record.id) if record else None
        return (program, len(library.direct.get(str(program.id), ()))) if program else None

    async def sessions(self, program: Program) -> list[Session]:
        """The sessions of a program by date, undated ones last."""
        return (await self._read()).schedule(str(program.id))

    async def session(self, program_id: str, session_id: str) -> tuple[Key, Session] | None:
        """A session of one of them, with the id of the program."""
        found, library = await self.find(program_id), await self._read()
        if found is None:
            return None
        program, kind = found[0].id, EntityType.PROGRAM_SCHEDULE
        records = library.sessions.get(str(program), ())
        record = await self._ctx.tables.find(kind, records, session_id)
        return (program, read_session(record, library.done.get(record.id, ()))) if record else None

    async def recent_methods(self, program: Program, limit: int) -> list[str]:
        """Methods last done in a program, newest first, each once."""
        library, id = await self._read(), str(program.id)
        sessions = library.sessions.get(id, ())
        found = [*library.direct.get(id, ()), *(d for s in sessions for d in library.done[s.id])]
        ids = {one.id for one in found}
        newest = [one for one in reversed(library.everything) if one.id in ids]
        newest.sort(key=lambda one: one.on, reverse=True)
        return list(dict.fromkeys(one.method for one in newest))[:limit]

    async def overlapping(self, period: Period, today: date, own: Key | None = None) -> Overlap:
        """Those that share a day with the period; finished ones never block."""
        programs = (await self._read()).programs.values()
        others = [p for p in programs if p.id != own and overlap(*period, p.start, p.end)]
        drafts = [p.id for p in others if await self._is_draft(p)]
        real = (p for p in others if p.status is not Status.FINISHED and p.end >= today)
        return Overlap(any(p.id not in drafts for p in real), drafts)

    async def _is_draft(self, program: Program) -> bool:
        """Whether it holds nothing, and nothing was done in it."""
        library, id = await self._read(), str(program.id)
        used = library.used | library.sessions.keys() | library.direct.keys()
        if id in used or not is_bare(program):
            return False
        beliefs = await self._ctx.tables.scan(BELIEF_USAGES)
        return all(usage.link("program") != id for usage in beliefs)

    async def _read(self) -> Library:
        if self._library is None:
            self._library = await _library(self._ctx, self._user_id)
        return self._library


async def _library(ctx: Context, user_id: str) -> Library:
    records = [r for r in await ctx.tables.scan(PROGRAMS) if r.belongs_to(user_id)]
    known = await _known(ctx, user_id)
    programs = {r.id: p for r in records if (p := read_program(r, known.get(r.id)))}
    sessions = _schedules(await ctx.tables.scan(SESSIONS) if records else (), programs)
    everything = await done_by(ctx, user_id)
    done, direct = _sorted(everything, sessions)
    used = frozenset(id for id, row in known.items() if row.is_used)
    return Library(records, programs, sessions, everything, done, direct, used)


def _schedules(
    sessions: Sequence[Record], programs: Collection[str]
) -> Mapping[str, Sequence[Record]]:
    """The sessions of programs, in the order of their schedules."""
    found: dict[str, list[Record]] = defaultdict(list)
    for session in sessions:
        if (program := session.link("program")) and program in programs:
            found[program].append(session)
    return {program: sorted(own, key=_place) for program, own in found.items()}


async def _known(ctx: Context, user_id: str) -> Mapping[str, mirrors.Known]:
    """What rows tell; nothing while Airtable stands in for Postgres."""
    with suppress(DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return await mirrors.known(ctx.db, user_id)
    return {}


def _sorted(
    everything: Sequence[Done], sessions: Mapping[str, Sequence[Record]]
) -> tuple[Mapping[str, Sequence[Done]], Mapping[str, Sequence[Done]]]:
    """By session, and by program what was done without a session of it."""
    done: dict[str, list[Done]] = {s.id: [] for found in sessions.values() for s in found}
    direct: dict[str, list[Done]] = defaultdict(list)
    for one in everything:
        if one.session in done:
            done[one.session].append(one)
        elif one.program is not None:
            direct[one.program].append(one)
    return done, direct


def _place(session: Record) -> tuple[bool, date, object, str]:
    day = session.day("date")
    return day is None, day or date.min, session.created, session.id


def _progress(library: Library, program: Program) -> Progress:
    schedule = library.schedule(str(program.id))
    return progress(views.counts(schedule), len(library.direct.get(str(program.id), ())))
