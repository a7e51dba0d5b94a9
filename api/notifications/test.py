"""A test message to one's own devices."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.context import Context, User
from api._lib.guard import only_where
from api._lib.notifications import service as notifications
from api._lib.wire import Body, Wire, given


class Message(Body):
    title: Annotated[str, Meta(min_length=1, max_length=120)] | UnsetType = UNSET
    body: Annotated[str, Meta(min_length=1, max_length=240)] | UnsetType = UNSET


class Tested(Wire):
    sent: int
    failed: int
    errors: Sequence[str]


@only_where(notifications.is_test_allowed, "push_test_off")
async def post(ctx: Context, user: User, body: Message) -> Tested:
    """Send a message to every device of the user, and tell how many took it."""
    tried = await notifications.send_test(ctx, user, given(body.title), given(body.body))
    return Tested(tried.sent, tried.failed, tried.errors)
