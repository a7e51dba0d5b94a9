"""Looking at programs."""

from collections.abc import Iterable, Sequence

from api._lib.content import service as content
from api._lib.content.model import Method
from api._lib.context import Context, User
from api._lib.errors import not_found
from api._lib.programs import views
from api._lib.programs.answers import ProgramDetail
from api._lib.programs.contracts import Programs, Shelf
from api._lib.programs.model import Program, ProgramItem, Session, SessionView
from api._lib.programs.rules.calendar import week_order
from api._lib.programs.rules.changes import united
from api._lib.programs.rules.progress import progress
from api._lib.programs.rules.suggestions import GoalMethod, suggestions
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.scheduling import weekdays
from api._lib.wire import Key

HABITS_GOAL = "Goede gewoontes"


async def programs(ctx: Context, user: User) -> list[ProgramItem]:
    """A user's programs, newest first, with their progress."""
    return await PROGRAMS.read(ctx, "list", lambda c, store: _programs(c, user, store))


async def detail(ctx: Context, user: User, program_id: str) -> ProgramDetail:
    """A program with its sessions and all the content it names; raises a 404."""
    return await PROGRAMS.read(ctx, "detail", lambda c, store: _detail(c, user, store, program_id))


async def methods(ctx: Context, user: User, program_id: str) -> Sequence[str]:
    """Ids of a program's methods; while it has goals only, suggestions for it. Raises a 404."""
    return await PROGRAMS.read(
        ctx, "methods", lambda c, store: _methods(c, store.shelf(c, user), program_id)
    )


async def found(shelf: Shelf, program_id: str) -> tuple[Program, int]:
    """An own program and its completions without session; raises a 404 (P17)."""
    program = await shelf.find(program_id)
    if program is None:
        raise not_found()
    return program


async def habits_goal(ctx: Context) -> str | None:
    """The goal whose methods the client hides everywhere."""
    goals = await content.items(ctx, content.GOALS)
    return next((goal.id for goal in goals if goal.name == HABITS_GOAL), None)


async def _programs(ctx: Context, user: User, store: Programs) -> list[ProgramItem]:
    today = ctx.today(user)
    found = await store.shelf(ctx, user).programs()
    return [views.program_item(program, counted, today) for program, counted in found]


async def _methods(ctx: Context, shelf: Shelf, program_id: str) -> Sequence[str]:
    program, _ = await found(shelf, program_id)
    if program.methods or not program.goals:
        return program.methods
    listed = [
        GoalMethod(m.id, tuple(m.linked_goal_ids))
        for m in await content.items(ctx, content.METHODS)
    ]
    return suggestions(listed, program.goals, await habits_goal(ctx))


async def _detail(ctx: Context, user: User, store: Programs, program_id: str) -> ProgramDetail:
    shelf = store.shelf(ctx, user)
    program, direct = await found(shelf, program_id)
    sessions = await shelf.sessions(program)
    counted = progress(views.counts(sessions), direct)
    days = await content.by_id(ctx, content.DAYS, program.days)
    return ProgramDetail(
        **views.base(program, ctx.today(user)),
        goal_details=await content.by_id(ctx, content.GOALS, program.goals),
        method_details=await _method_details(ctx, program, sessions),
        day_names=[day.name for day in week_order(weekdays(days)) if day.name],
        overtuiging_details=await content.by_id(ctx, content.BELIEFS, program.beliefs),
        schedule=_schedule(program.id, sessions),
        total_sessions=counted.total_sessions,
        completed_sessions=counted.completed_sessions,
        total_methods=counted.total_methods,
        completed_methods=counted.completed_methods,
        preserved_completions=counted.preserved_completions,
    )


def _schedule(program_id: Key, sessions: Iterable[Session]) -> list[SessionView]:
    return [views.session_view(program_id, session) for session in sessions]


async def _method_details(
    ctx: Context, program: Program, sessions: Sequence[Session]
) -> Sequence[Method]:
    """The methods of the program and of its sessions: the client draws no others (P6)."""
    ids = united(program.methods, *(session.methods for session in sessions))
    return [content.named(one) for one in await content.by_id(ctx, content.METHODS, ids)]
