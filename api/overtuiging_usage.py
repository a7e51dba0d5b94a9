"""Completing beliefs of the catalogue."""

from typing import Literal

from msgspec import UNSET, UnsetType

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.wire import ActivityDay, Body, EntityId, RecordId, Reply, UserId, Wire, given


class Done(Body):
    user_id: UserId
    overtuiging_id: RecordId
    date: ActivityDay
    program_id: EntityId | UnsetType = UNSET


class Completion(Wire):
    completed: Literal[True] = True


class Completed(Wire):
    id: EntityId
    points_awarded: int


async def get(ctx: Context, user: User) -> dict[str, Completion]:
    """All beliefs a user ever completed, whatever program is asked about (T13)."""
    return dict.fromkeys(await tracking.completed_beliefs(ctx, user), Completion())


async def post(ctx: Context, user: User, body: Done) -> Reply[Completed]:
    """Complete a belief, once ever."""
    user.must_be(body.user_id)
    program = given(body.program_id)
    done = await tracking.complete_belief(ctx, user, body.overtuiging_id, body.date, program)
    status = 201 if done.is_new else 200
    return Reply(Completed(id=str(done.id), points_awarded=done.points), status=status)
