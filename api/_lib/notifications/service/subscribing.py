"""Devices: subscribing and ending a subscription."""

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, conflict
from api._lib.notifications.model import Subscription
from api._lib.notifications.rules.devices import MOST_DEVICES
from api._lib.notifications.rules.zones import is_zone
from api._lib.notifications.service.marking import mark_all_for_planning, mark_for_planning
from api._lib.notifications.store import planning, preferences
from api._lib.notifications.store import subscriptions as store
from api._lib.push_endpoints import EndpointRefused
from api._lib.push_keys import KeysRefused, check_device_keys, decoded, encoded

LONGEST_USER_AGENT = 512


async def subscribe(
    ctx: Context, user: User, endpoint: str, p256dh: str, auth: str, zone: str | None
) -> Subscription:
    """Store a device as the user's own; the same endpoint again keeps its id.

    Raises a 400 for an address that is no push service's (F4) and for keys nothing can be
    encrypted with (F17), and a 409 for another person's device (F3).
    """
    new = await _checked(ctx, endpoint, p256dh, auth)

    async def block(tx: Transaction) -> Subscription:
        await planning.lock(tx, [user.id])
        stored = await store.subscribe(tx, user.id, new, MOST_DEVICES)
        if stored is None:
            raise conflict("push_endpoint_taken")
        await _tell(tx, user, stored, zone)
        return stored

    return await ctx.db.run(block)


async def _tell(tx: Transaction, user: User, stored: Subscription, zone: str | None) -> None:
    # A browser may name a zone we do not know; the device is worth more than its zone.
    if zone and is_zone(zone):
        await preferences.set_zone(tx, user.id, zone)
    owners = {user.id, stored.former_owner or user.id}
    await mark_all_for_planning(tx, owners, "device subscribed")


async def unsubscribe(ctx: Context, user: User, endpoint: str) -> None:
    """End a subscription of the user's own; anything else is passed over in silence."""

    async def block(tx: Transaction) -> None:
        await store.revoke(tx, user.id, endpoint)
        await mark_for_planning(tx, user.id, "device unsubscribed")

    await ctx.db.run(block)


async def _checked(ctx: Context, endpoint: str, p256dh: str, auth: str) -> store.NewSubscription:
    try:
        check_device_keys(p256dh, auth)
        await ctx.push.endpoints.verify(endpoint)
    except KeysRefused:
        raise bad_request("push_keys_invalid") from None
    except EndpointRefused:
        raise bad_request("push_endpoint_refused") from None
    agent = ctx.headers.get("user-agent", "").replace("\0", "")[:LONGEST_USER_AGENT] or None
    # One spelling of the keys, so that the same keys are found equal.
    return store.NewSubscription(endpoint, encoded(decoded(p256dh)), encoded(decoded(auth)), agent)
