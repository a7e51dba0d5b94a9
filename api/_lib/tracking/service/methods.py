"""Recording methods."""

from collections.abc import Sequence

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity
from api._lib.tracking.contracts import DoneMethod
from api._lib.tracking.model import MethodCompletion
from api._lib.tracking.rules import replays_since
from api._lib.tracking.service.recording import request_key, upserted
from api._lib.tracking.store import methods as store
from api._lib.tracking.store import people, programs

USAGE = EntityType.METHOD_USAGE


async def record_method(
    ctx: Context, user: User, done: DoneMethod
) -> tuple[MethodCompletion, bool]:
    """Record that a method was done today; tells also whether it is new or a repeated request.

    Raises a 404 for a method, program or session that is unknown or another person's.
    """
    new = _completion(ctx, user, done)
    async with ctx.db.transaction() as tx:
        place = await programs.place(tx, user.id, done.program_id, done.session_id)
        await rewards.lock(tx, user.id)
        recorded = await store.record(tx, new, place)
        if recorded is None:
            raise not_found()
        completion, is_new = recorded
        if is_new:
            await _count(tx, ctx, user, completion)
        return completion, is_new


def _completion(ctx: Context, user: User, done: DoneMethod) -> store.NewCompletion:
    return store.NewCompletion(
        user_id=user.id,
        method_id=done.method_id,
        remark=done.remark or None,
        day=ctx.today(user),
        request_key=request_key(ctx),
        now=ctx.now,
        replays_since=replays_since(ctx.now),
    )


async def _count(tx: Transaction, ctx: Context, user: User, completion: MethodCompletion) -> None:
    activity = Activity(on=completion.completed_on, program_id=completion.program_id)
    events = await rewards.count(tx, user.id, ctx.today(user), activity)
    await notifications.mark_for_planning(tx, user.id, "method completed")
    await enqueue(tx, [upserted(USAGE, completion.id, user), *events])


async def remark_on_method(
    ctx: Context, user: User, completion_id: str, remark: str
) -> MethodCompletion:
    """Change the remark of a completion; raises a 404 when it is not the user's own."""
    async with ctx.db.transaction() as tx:
        await people.lock(tx, user.id)
        completion = await store.set_remark(tx, user.id, completion_id, remark)
        if completion is None:
            raise not_found()
        await enqueue(tx, [upserted(USAGE, completion.id, user)])
        return completion


async def methods_of_program(
    ctx: Context, user: User, program_id: str, limit: int
) -> Sequence[MethodCompletion]:
    """The newest completions of a program; raises a 404 when it is not the user's own (T1)."""
    completions = await store.latest(ctx.db, user.id, program_id, limit)
    if completions is None:
        raise not_found()
    return completions
