"""Recording that a method was done."""

from typing import Annotated

from msgspec import Meta

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.wire import ENTITY_ID, Body, RecordId, Reply, UserId
from api.method_usage._usage import Usage, usage

MaybeId = Annotated[str, Meta(pattern=rf"^$(?!\n)|{ENTITY_ID}", max_length=36)]
Remark = Annotated[str, Meta(max_length=5_000)]


class Done(Body):
    """An empty program or session id counts as absent."""

    user_id: UserId
    method_id: RecordId
    program_id: MaybeId = ""
    programmaplanning_id: MaybeId = ""
    remark: Remark = ""


async def post(ctx: Context, user: User, body: Done) -> Reply[Usage]:
    """Record a method done today; sent again soon or with its `Idempotency-Key`, it counts once."""
    user.must_be(body.user_id)
    done = tracking.DoneMethod(
        method_id=body.method_id,
        program_id=body.program_id or None,
        session_id=body.programmaplanning_id or None,
        remark=body.remark or None,
    )
    completion, is_new = await tracking.record_method(ctx, user, done)
    points = completion.points if is_new else 0
    return Reply(usage(completion, points), status=201 if is_new else 200)
