"""Editing a session of a later day."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType, structs

from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.errors import bad_request, not_found
from api._lib.programs import views
from api._lib.programs.contracts import Shelf
from api._lib.programs.model import Session, SessionView
from api._lib.programs.rules.changes import is_open
from api._lib.programs.rules.plan import PlannedMethod
from api._lib.programs.rules.text import session_description
from api._lib.programs.service import asked
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.scheduling import brief_methods
from api._lib.wire import Key

MAX_METHODS = 20


class SessionEdit(Struct, frozen=True, kw_only=True):
    """What a session becomes; goals and notes stay when they are not given."""

    methods: Sequence[str]
    goals: Sequence[str] | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET


async def edit_session(
    ctx: Context, user: User, program_id: str, session_id: str, edit: SessionEdit
) -> SessionView:
    """Change a session; raises a 404, and a 400 for unknown content or a day that is not later."""
    methods = asked.distinct("methods", edit.methods, MAX_METHODS)
    goals = _given_goals(edit)
    store = PROGRAMS.store(ctx)
    _, session = await _found(store.shelf(ctx, user), program_id, session_id)
    _check_open(ctx, user, session)
    await asked.check_known(ctx, {"methods": methods}, session.methods)
    await asked.check_known(ctx, {"goals": goals or ()}, session.goals)
    description = await _description(ctx, methods)
    async with store.work(ctx, user, "session changed") as work:
        own, session = await _found(work, program_id, session_id)
        _check_open(ctx, user, session)
        session = structs.replace(
            session,
            methods=methods,
            goals=session.goals if goals is None else goals,
            description=description,
            notes=session.notes if isinstance(edit.notes, UnsetType) else edit.notes or None,
        )
        stored = await work.store_session(own, session)
    return views.session_view(own, stored)


async def _found(shelf: Shelf, program_id: str, session_id: str) -> tuple[Key, Session]:
    session = await shelf.session(program_id, session_id)
    if session is None:
        raise not_found()
    return session


def _check_open(ctx: Context, user: User, session: Session) -> None:
    if session.date is None:
        raise bad_request("session_without_date")
    if not is_open(session.date, ctx.today(user)):
        raise bad_request("session_locked")


def _given_goals(edit: SessionEdit) -> tuple[str, ...] | None:
    return None if isinstance(edit.goals, UnsetType) else asked.distinct("goals", edit.goals)


async def _description(ctx: Context, ids: Sequence[str]) -> str | None:
    methods = brief_methods(await content.by_id(ctx, content.METHODS, ids))
    known = {m.id: PlannedMethod(m.id, m.name, m.minutes) for m in methods}
    return session_description(known.get(id, PlannedMethod(id, id, 0)) for id in ids)
