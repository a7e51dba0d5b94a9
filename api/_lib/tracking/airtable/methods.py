"""Recording methods in Airtable."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from api._lib.airtable import formula
from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.programs import METHOD_USAGES, SESSIONS
from api._lib.airtable.records import Record
from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import Event
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity
from api._lib.tracking.airtable.places import place, program_record
from api._lib.tracking.airtable.writing import (
    Then,
    check_known,
    id_of_request,
    mirror,
)
from api._lib.tracking.contracts import DoneMethod, RemotePlace
from api._lib.tracking.model import MethodCompletion
from api._lib.tracking.rules import replays_since
from api._lib.tracking.service.recording import request_key
from api._lib.tracking.store import mirrors

USAGE = EntityType.METHOD_USAGE
USUAL_POINTS = 5


async def record_method(
    ctx: Context, user: User, done: DoneMethod
) -> tuple[MethodCompletion, bool]:
    """Record that a method was done today; tells also whether it is new or a repeated request.

    Raises a 404 for a method, program or session that is unknown or another person's.
    """
    key = request_key(ctx)
    if key is not None and (known := await _made_by(ctx, user, key)) is not None:
        return await _stored(ctx, known), False
    await check_known(ctx, content.METHODS, done.method_id)
    async with ctx.turns.of(user.id):
        where = await place(ctx, user, done.program_id, done.session_id)
        repeated = await _repeated(ctx, user, done, where, key)
        if repeated is not None:
            return await _stored(ctx, repeated), False
        app_id = id_of_request(user.id, key)
        usage = await ctx.tables.create(METHOD_USAGES, app_id, _values(ctx, user, done, where))
        await mirror(
            ctx, user, USAGE, usage, is_new=True, then=_counting(ctx, user, usage, where, key)
        )
        return _completion(usage, where.program, await _points(ctx, usage)), True


async def remark_on_method(
    ctx: Context, user: User, completion_id: str, remark: str
) -> MethodCompletion:
    """Change the remark of a completion; raises a 404 when it is not the user's own."""
    usages = await ctx.tables.scan(METHOD_USAGES)
    found = await ctx.tables.find(USAGE, usages, completion_id)
    if found is None or not found.belongs_to(user.id):
        raise not_found()
    usage = await ctx.tables.change(METHOD_USAGES, found.id, {"remark": remark})
    if usage is None:
        raise not_found()
    await mirror(ctx, user, USAGE, usage, is_new=False)
    return await _stored(ctx, usage)


async def methods_of_program(
    ctx: Context, user: User, program_id: str, limit: int
) -> Sequence[MethodCompletion]:
    """The newest completions of a program; raises a 404 when it is not the user's own (T1)."""
    program = await program_record(ctx, user, program_id)
    usages = [u for u in await ctx.tables.scan(METHOD_USAGES) if u.belongs_to(user.id)]
    programs = await _programs_of_sessions(ctx, usages)
    mine = [u for u in usages if program is not None and _program(u, programs) == program]
    newest = sorted(mine, key=_age, reverse=True)[:limit]
    names = await _names(ctx, newest)
    return [
        _completion(usage, program, 0, names.get(usage.link("method") or "")) for usage in newest
    ]


async def _names(ctx: Context, usages: Iterable[Record]) -> dict[str, str]:
    """Names by method."""
    ids = [method for usage in usages if (method := usage.link("method"))]
    return {m.id: m.name for m in await content.by_id(ctx, content.METHODS, ids)}


async def _repeated(
    ctx: Context, user: User, done: DoneMethod, where: RemotePlace, key: str | None
) -> Record | None:
    """The completion that this request made before, if it did."""
    if key is not None:
        return await _made_by(ctx, user, key) or await _left_by(ctx, user, key)
    wanted = mirrors.Repeated(
        user_id=user.id,
        method_id=done.method_id,
        program_id=where.program_id,
        session_id=where.session_id,
        since=replays_since(ctx.now),
    )
    return await _record(ctx, await mirrors.repeated_method(ctx.db, wanted))


async def _made_by(ctx: Context, user: User, key: str) -> Record | None:
    """The completion that a request of this key made."""
    return await _record(ctx, await mirrors.method_of_request(ctx.db, user.id, key))


async def _left_by(ctx: Context, user: User, key: str) -> Record | None:
    """The same where the row could not be stored with the record."""
    app_id = str(id_of_request(user.id, key))
    found = await ctx.tables.where(METHOD_USAGES, formula.equals(APP_ID, app_id))
    return next(iter(found), None)


async def _record(ctx: Context, record_id: str | None) -> Record | None:
    return await ctx.tables.get(METHOD_USAGES, record_id) if record_id else None


async def _stored(ctx: Context, usage: Record) -> MethodCompletion:
    """A completion that was made before, with the program it was made in."""
    programs = await _programs_of_sessions(ctx, [usage])
    return _completion(usage, _program(usage, programs), await _points(ctx, usage))


def _values(ctx: Context, user: User, done: DoneMethod, where: RemotePlace) -> dict[str, object]:
    """Of a session only itself is linked, the program follows from it."""
    session, program = where.session, where.program
    return {
        "user": [user.id],
        "method": [done.method_id],
        "programmaplanning": [session] if session else [],
        "program": [program] if program and not session else [],
        "usedAt": ctx.today(user),
        "remark": done.remark or None,
    }


def _counting(ctx: Context, user: User, usage: Record, where: RemotePlace, key: str | None) -> Then:
    async def then(tx: Transaction) -> list[Event]:
        await mirrors.note_request(tx, "method_completions", usage.app_id, key)
        activity = Activity(on=ctx.today(user), program_id=where.program_id)
        events = await rewards.count(tx, user.id, ctx.today(user), activity)
        await notifications.mark_for_planning(tx, user.id, "method completed")
        return events

    return then


async def _points(ctx: Context, usage: Record) -> int:
    """What the method is worth."""
    method_id = usage.link("method")
    found = await content.by_id(ctx, content.METHODS, [method_id]) if method_id else []
    return found[0].points_value if found else USUAL_POINTS


async def _programs_of_sessions(ctx: Context, usages: Iterable[Record]) -> dict[str, str | None]:
    """Program by session, for what was done in sessions.

    Where programs live in Postgres, a session may have been sent since the table was scanned.
    """
    wanted = {session for usage in usages if (session := usage.link("programmaplanning"))}
    if not wanted:
        return {}
    found = {one.id: one.link("program") for one in await ctx.tables.scan(SESSIONS)}
    if late := sorted(wanted - found.keys()):
        found |= {one.id: one.link("program") for one in await ctx.tables.named(SESSIONS, late)}
    return found


def _program(usage: Record, programs: Mapping[str, str | None]) -> str | None:
    session = usage.link("programmaplanning")
    return programs.get(session) if session else usage.link("program")


def _age(usage: Record) -> tuple[date, object, str]:
    return used_on(usage), usage.created, usage.id


def used_on(usage: Record) -> date:
    """The day a method was done, else that on which the record was made."""
    return usage.day("usedAt") or usage.created.date()


def _completion(
    usage: Record, program: str | None, points: int, name: str | None = None
) -> MethodCompletion:
    return MethodCompletion(
        id=usage.id,
        user_id=usage.link("user") or "",
        method_id=usage.link("method") or "",
        program_id=program,
        session_id=usage.link("programmaplanning"),
        completed_on=used_on(usage),
        remark=usage.text("remark"),
        points=points,
        method_name=name,
    )
