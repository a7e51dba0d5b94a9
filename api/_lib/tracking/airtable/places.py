"""Programs and sessions that records link to, wherever programs live."""

from collections.abc import Sequence

from api._lib.airtable import store as links
from api._lib.airtable.entities import EntityType
from api._lib.airtable.programs import PROGRAMS, SESSIONS
from api._lib.airtable.records import Record
from api._lib.backend import is_sent
from api._lib.context import Context, User
from api._lib.errors import not_found, unavailable
from api._lib.switching import Switch
from api._lib.tracking.contracts import Places, RemotePlace
from api._lib.tracking.store import programs as store
from api._lib.wire import Key


class PlacesInAirtable:
    """Programs that live in Airtable."""

    async def place(
        self, ctx: Context, user: User, program_id: str | None, session_id: str | None
    ) -> RemotePlace:
        """The person's own program and session of these ids; raises a 404."""
        if program_id is None and session_id is None:
            return RemotePlace()
        own = await _own_programs(ctx, user)
        program, session = await self._found(ctx, own, program_id, session_id)
        return RemotePlace(
            program=program.id,
            session=session.id if session else None,
            program_id=await links.row_id(ctx.db, EntityType.PROGRAM, program.id),
            session_id=await links.row_id(ctx.db, EntityType.PROGRAM_SCHEDULE, session.id)
            if session
            else None,
        )

    async def _found(
        self, ctx: Context, own: Sequence[Record], program_id: str | None, session_id: str | None
    ) -> tuple[Record, Record | None]:
        session = None
        if session_id is not None:
            sessions = await ctx.tables.scan(SESSIONS)
            session = await ctx.tables.find(EntityType.PROGRAM_SCHEDULE, sessions, session_id)
            if session is None:
                raise not_found()
        asked = program_id or (session.link("program") if session else None)
        program = await ctx.tables.find(EntityType.PROGRAM, own, asked) if asked else None
        if program is None or (session and session.link("program") != program.id):
            raise not_found()
        return program, session


class PlacesInPostgres:
    """Programs that live in Postgres: what is not in Airtable yet is sent there first."""

    async def place(
        self, ctx: Context, user: User, program_id: str | None, session_id: str | None
    ) -> RemotePlace:
        """The person's own program and session of these ids; raises a 404, or a 503 when late."""
        async with ctx.db.transaction() as tx:
            found = await store.place(tx, user.id, program_id, session_id)
        if found is None:
            raise not_found()
        return RemotePlace(
            program=await sent(ctx, EntityType.PROGRAM, found.program_id),
            session=await sent(ctx, EntityType.PROGRAM_SCHEDULE, found.session_id),
            program_id=found.program_id,
            session_id=found.session_id,
        )


async def program_record(ctx: Context, user: User, program_id: str) -> str | None:
    """The record of an own program, to read by; raises a 404.

    None: it lives in Postgres and is never sent, so nothing links to it.
    """
    own = await _own_programs(ctx, user)
    found = await ctx.tables.find(EntityType.PROGRAM, own, program_id)
    return found.id if found else (await place(ctx, user, program_id, None)).program


async def _own_programs(ctx: Context, user: User) -> list[Record]:
    programs = await ctx.tables.scan(PROGRAMS)
    return [program for program in programs if program.belongs_to(user.id)]


async def sent(ctx: Context, kind: EntityType, row: Key | None) -> str | None:
    """The record of a row of ours, sent now if need be; raises a 503 when that takes too long.

    A row that is never sent has no record, so nothing can link to it.
    """
    if row is None:
        return None
    record_id = await ctx.bridge.deliver(kind, str(row))
    if record_id is None and is_sent(ctx.settings, kind):
        raise unavailable()
    return record_id


PLACES: Switch[Places] = Switch(
    "PROGRAMS", postgres=PlacesInPostgres(), airtable=PlacesInAirtable()
)


async def place(
    ctx: Context, user: User, program_id: str | None, session_id: str | None
) -> RemotePlace:
    """Where something was done, as records that can be linked to; raises a 404."""
    return await PLACES.store(ctx).place(ctx, user, program_id, session_id)
