"""Connects the base with the thread that pings its webhooks."""

import msgspec

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.clock import iso
from tasks.dev.airtable.webhooks.pings import RETRIES, Ping, Pinger, PingResult


def start_pings(base: Base) -> None:
    """Start to ping the listeners of the base."""
    base.pinger = Pinger(lambda hook_id: _ping(base, hook_id), lambda result: _note(base, result))
    base.pinger.start()


def _ping(base: Base, hook_id: str) -> Ping | None:
    with base.lock:
        hook = base.webhooks.hooks.get(hook_id)
        if hook is None or not hook.notifying or hook.notification_url is None:
            return None
        body = {
            "base": {"id": base.options.base_id},
            "webhook": {"id": hook.id},
            "timestamp": iso(base.clock.now()),
        }
        return Ping(hook.id, hook.notification_url, msgspec.json.encode(body), hook.secret)


def _note(base: Base, result: PingResult) -> None:
    with base.lock:
        hook = base.webhooks.hooks.get(result.hook_id)
        if hook is None:
            return
        success = 200 <= result.status < 300
        now = iso(base.clock.now())
        hook.last_success = now if success else hook.last_success
        hook.last_result = {
            "success": success,
            "completionTimestamp": now,
            "durationMs": round(result.seconds * 1000, 1),
            "retryNumber": result.attempt,
            "willBeRetried": not success and result.attempt < RETRIES,
        }
