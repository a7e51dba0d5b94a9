"""The devices that get reminders."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.context import Context, User
from api._lib.notifications import service as notifications
from api._lib.wire import Body, Reply, Wire, given

Endpoint = Annotated[str, Meta(min_length=1, max_length=2_048)]
Key = Annotated[str, Meta(min_length=1, max_length=200)]


class Keys(Body):
    p256dh: Key
    auth: Key


class Subscribe(Body):
    """What a browser tells of its subscription, and its time zone."""

    endpoint: Endpoint
    keys: Keys
    timezone: str | UnsetType = UNSET


class Unsubscribe(Body):
    endpoint: Endpoint


class Subscribed(Wire):
    id: int
    endpoint: str
    status: str


class Unsubscribed(Wire):
    success: bool = True


async def post(ctx: Context, user: User, body: Subscribe) -> Reply[Subscribed]:
    """Subscribe a device; the same one again keeps its id."""
    stored = await notifications.subscribe(
        ctx, user, body.endpoint, body.keys.p256dh, body.keys.auth, given(body.timezone)
    )
    return Reply(Subscribed(stored.id, stored.endpoint, stored.status), status=201)


async def delete(ctx: Context, user: User, body: Unsubscribe) -> Unsubscribed:
    """End the subscription of a device; doing so again changes nothing."""
    await notifications.unsubscribe(ctx, user, body.endpoint)
    return Unsubscribed()
