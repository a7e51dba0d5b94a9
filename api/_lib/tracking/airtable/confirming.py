"""Own beliefs that come with a new program, where such beliefs live in Airtable.

They are there before the program is, and gone again when it is not stored: nobody else shows the
person what they wrote. Until the program has an owner or a row, they count as left behind.
"""

import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.personal import PERSONAL_BELIEFS
from api._lib.airtable.programs import PROGRAMS
from api._lib.airtable.records import Record
from api._lib.backend import in_postgres, is_sent
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.outbox import Event
from api._lib.tracking.airtable.beliefs import PERSONAL, new_belief, own_personal_beliefs
from api._lib.tracking.airtable.writing import Then, forget, mirror
from api._lib.tracking.contracts import NewBeliefs
from api._lib.tracking.rules import MAX_PERSONAL_BELIEFS
from api._lib.tracking.store import mirrors

log = logging.getLogger(__name__)

LONGEST_SECONDS = 60
"""Beliefs, and a program of a whole year."""


@asynccontextmanager
async def own_beliefs(
    ctx: Context, user: User, program_id: UUID, names: Sequence[str]
) -> AsyncIterator[NewBeliefs | None]:
    """Beliefs that are records, linked to a record that the program is going to fill."""
    if not names:
        yield None
        return
    # While they wait for their program they look left behind: one such program at a time.
    async with (
        ctx.turns.of(f"{user.id}:confirming", LONGEST_SECONDS),
        _waiting(ctx, user, program_id, names),
    ):
        yield None


@asynccontextmanager
async def _waiting(
    ctx: Context, user: User, program_id: UUID, names: Sequence[str]
) -> AsyncIterator[None]:
    program, beliefs = await _reserved(ctx, program_id), list[Record]()
    try:
        beliefs += await _made(ctx, user, program, names)
        yield
    except Exception:
        await _take_back(ctx, user, program, {belief.id for belief in beliefs})
        raise
    for belief in beliefs:
        await mirror(ctx, user, PERSONAL, belief, is_new=True, then=_noting(belief, program_id))


async def _reserved(ctx: Context, program_id: UUID) -> str | None:
    """A record under the id of the program; nothing for a program that is never sent."""
    mode = ctx.settings.backends["PROGRAMS"]
    if in_postgres(mode) and not is_sent(ctx.settings, EntityType.PROGRAM):
        return None
    return (await ctx.tables.create(PROGRAMS, program_id, {})).id


async def _made(
    ctx: Context, user: User, program: str | None, names: Sequence[str]
) -> list[Record]:
    async with ctx.turns.of(user.id):
        await _clear(ctx, user)
        free = max(0, MAX_PERSONAL_BELIEFS - len(await own_personal_beliefs(ctx, user)))
        wanted = {uuid4(): new_belief(user, name, program) for name in names[:free]}
        return await ctx.tables.create_all(PERSONAL_BELIEFS, wanted) if wanted else []


async def _clear(ctx: Context, user: User) -> None:
    """Remove the beliefs of programs that were never stored."""
    programs = await ctx.tables.scan(PROGRAMS)
    nobodys = {p.id: p.app_id for p in programs if p.link("user") is None and p.app_id}
    beliefs = await own_personal_beliefs(ctx, user)
    left = {b: nobodys[id] for b in beliefs if (id := b.link("program")) and id in nobodys}
    if left:
        stored = await mirrors.programs_among(ctx.db, sorted(map(str, left.values())))
        await _remove(ctx, user, [b for b, program in left.items() if str(program) not in stored])


async def _take_back(ctx: Context, user: User, program: str | None, made: Collection[str]) -> None:
    """Delete what was made, as far as Airtable lets us; what stays is cleared the next time."""
    await ctx.tables.forget(PROGRAMS, PERSONAL_BELIEFS)
    try:
        own = await own_personal_beliefs(ctx, user)
        left = [b for b in own if b.id in made or (program and b.link("program") == program)]
        await _remove(ctx, user, left)
        await ctx.tables.remove(PROGRAMS, [program] if program else [])
    except AirtableError as error:
        log.warning("beliefs were left behind", extra={"reason": type(error).__name__})


async def _remove(ctx: Context, user: User, beliefs: Sequence[Record]) -> None:
    await ctx.tables.remove(PERSONAL_BELIEFS, [belief.id for belief in beliefs])
    for belief in beliefs:
        await forget(ctx, user, PERSONAL, belief.id)


def _noting(belief: Record, program_id: UUID) -> Then:
    """The program may not be linked to its record yet, so its row is named here."""

    async def then(tx: Transaction) -> list[Event]:
        if belief.app_id is not None:
            await mirrors.note_program(tx, belief.app_id, program_id)
        return []

    return then
