"""The jobs of reminders."""

from msgspec import structs

from api._lib.notifications import service as notifications
from api._lib.sync.jobs import Counts, Runtime
from api._lib.sync.reminders import send_reminders


async def send_due_notifications(runtime: Runtime) -> Counts:
    """Send what is due."""
    return await send_reminders(runtime)


async def plan_user(runtime: Runtime, user_id: str) -> Counts:
    """Plan for one person whose change was just committed, unless that is done already."""
    if not runtime.settings.push_notifications_enabled:
        return None
    return structs.asdict(await notifications.plan_if_marked(runtime.ctx, user_id))


async def plan_dirty_users(runtime: Runtime) -> Counts:
    """Plan for those whose hint got lost."""
    if not runtime.settings.push_notifications_enabled:
        return None
    return structs.asdict(await notifications.plan_dirty_users(runtime.ctx))


async def reconcile_notifications(runtime: Runtime) -> Counts:
    """Plan for everybody."""
    return structs.asdict(await notifications.reconcile(runtime.ctx))


async def reconcile_period(runtime: Runtime) -> float | None:
    """NOTIFICATION_RECONCILE_SECONDS; never while reminders are switched off."""
    if not runtime.settings.push_notifications_enabled:
        return None
    return float(runtime.settings.notification_reconcile_seconds)
