"""Counting what people did from the records in Airtable."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from msgspec import structs

from api._lib.airtable.people import USERS
from api._lib.airtable.personal import GOAL_USAGES, HABIT_USAGES
from api._lib.airtable.programs import METHOD_USAGES, PROGRAMS, SESSIONS
from api._lib.airtable.records import Record
from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.rewards import store
from api._lib.rewards.model import Account, Facts, Session
from api._lib.rewards.rules.levels import THRESHOLDS
from api._lib.settings import Backend

USUAL_POINTS = 5
LARGEST = 2_147_483_647


async def facts(ctx: Context, user: User) -> Facts:
    """What a look at the rewards needs; whatever lives in Postgres is counted there.

    While rewards live in Postgres themselves, this is the other side of a comparison, and all of
    it comes from Airtable.
    """
    today = ctx.today(user)
    known = await store.read(ctx.db, user.id, today)
    account = await _account(ctx, user, known.account)
    then = await store.points_by_record(ctx.db, user.id)
    tally, usages = known.tally, await _usages(ctx, user, then)
    if _counts(ctx, "HABIT_USAGE"):
        tally = structs.replace(tally, habits=await _habits(ctx, user))
    if _counts(ctx, "PERSONAL_GOAL_USAGE"):
        goals = await ctx.tables.scan(GOAL_USAGES)
        tally = structs.replace(tally, goals=sum(goal.belongs_to(user.id) for goal in goals))
    if usages is not None:
        tally = structs.replace(tally, method_points=await _points(ctx, usages, then))
    sessions = known.sessions
    if usages is not None and _counts(ctx, "PROGRAMS"):
        sessions = await _sessions(ctx, user, usages, today, account.streak_anchor_on)
    return structs.replace(known, account=account, tally=tally, sessions=sessions)


def _counts(ctx: Context, flag: str) -> bool:
    """Whether records count here, not rows."""
    return ctx.settings.backends[flag] is Backend.AIRTABLE_ONLY or not _is_serving(ctx)


def _is_serving(ctx: Context) -> bool:
    return ctx.settings.backends["REWARDS"] is Backend.AIRTABLE_ONLY


async def _usages(ctx: Context, user: User, then: Mapping[str, int]) -> list[Record] | None:
    """What was done; those of a method that was deleted since have lost their link to it."""
    if not _counts(ctx, "METHOD_USAGE"):
        return None
    mine = (one for one in await ctx.tables.scan(METHOD_USAGES) if one.belongs_to(user.id))
    return [usage for usage in mine if usage.link("method") or usage.id in then]


async def _habits(ctx: Context, user: User) -> int:
    """Ticks; two records for one habit and day are one tick."""
    ticks = await ctx.tables.scan(HABIT_USAGES)
    mine = (tick for tick in ticks if tick.belongs_to(user.id))
    return len({(tick.link("goedeGewoonte"), tick.day("date")) for tick in mine})


async def _points(ctx: Context, usages: Sequence[Record], then: Mapping[str, int]) -> int:
    """What the methods were worth when they were done, as far as that is known."""
    ids = {method for usage in usages if (method := usage.link("method"))}
    methods = await content.by_id(ctx, content.METHODS, sorted(ids)) if ids else []
    now = {method.id: method.points_value for method in methods}
    return sum(
        then.get(usage.id) or now.get(usage.link("method") or "", USUAL_POINTS) for usage in usages
    )


async def _sessions(
    ctx: Context, user: User, usages: Iterable[Record], today: date, anchor: date | None
) -> list[Session]:
    programs = await ctx.tables.scan(PROGRAMS)
    own = {program.id for program in programs if program.belongs_to(user.id)}
    first = _first_days(usages)
    return [
        Session(day, first.get(session.id))
        for session in await ctx.tables.scan(SESSIONS)
        if _is_of(session, own)
        and (day := session.day("date")) is not None
        and day <= today
        and (anchor is None or day >= anchor)
    ]


def _is_of(session: Record, programs: Collection[str]) -> bool:
    """Whether a session counts: of an own program, with something planned."""
    return session.link("program") in programs and bool(session.links("methods"))


def _first_days(usages: Iterable[Record]) -> Mapping[str, date]:
    first: dict[str, date] = {}
    for usage in usages:
        session, day = usage.link("programmaplanning"), usage.day("usedAt")
        if session and day:
            first[session] = min(day, first.get(session, day))
    return first


async def _account(ctx: Context, user: User, ours: Account) -> Account:
    """The numbers of the person's record; ours may be newer by what was not written there yet."""
    record = await ctx.tables.get(USERS, user.id)
    if record is None:
        return ours
    theirs = structs.replace(
        ours,
        current_streak=record.whole("currentStreak", 0, LARGEST, 0),
        longest_streak=record.whole("longestStreak", 0, LARGEST, 0),
        last_active_on=record.day("lastActiveDate"),
        level=record.whole("level", 1, len(THRESHOLDS), 1),
    )
    return _newest(theirs, ours) if _is_serving(ctx) else theirs


def _newest(theirs: Account, ours: Account) -> Account:
    days = [day for day in (theirs.last_active_on, ours.last_active_on) if day]
    return structs.replace(
        theirs,
        longest_streak=max(theirs.longest_streak, ours.longest_streak),
        last_active_on=max(days, default=None),
        level=max(theirs.level, ours.level),
    )
