"""One claim: look again, note what will be sent, send it, note what came of it."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from api._lib.context import Resources
from api._lib.notifications.model import Device
from api._lib.notifications.rules import sending as rules
from api._lib.notifications.rules.devices import PERMANENT_FAILURES, PERMANENT_PERIOD, news
from api._lib.notifications.rules.sending import Due, Ending, Retries
from api._lib.notifications.service.marking import mark_all_for_planning
from api._lib.notifications.store import delivering as store
from api._lib.notifications.store import subscriptions
from api._lib.notifications.store.delivering import Attempt, Claim, Outcome
from api._lib.push import Prepared, PushMessage, PushSubscription, topic
from api._lib.push_results import PushResult

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Pushes under way at once (S8)."""

STORE_AGAIN_AFTER = (0.2, 1.0, 3.0)
JITTER = 0.2


class Target(Struct, frozen=True):
    """One push of a reminder to one device, encrypted, or the reason why it cannot be made."""

    due: Due
    device_id: int
    push: Prepared | PushResult


class Tried(Struct, frozen=True):
    """A target, the note of its attempt, and the result; None when its turn did not come."""

    target: Target
    attempt: Attempt
    result: PushResult | None


class Batch:
    """Reminders claimed together; they end whatever happens, each by itself (S8)."""

    def __init__(self, resources: Resources, claim: Claim, is_over: Callable[[], bool]) -> None:
        self._resources = resources
        self._claim = claim
        self._is_over = is_over
        settings = resources.settings
        self._retries = Retries(
            settings.notification_max_retries,
            settings.notification_retry_base_seconds,
            1 + random.uniform(-JITTER, JITTER),
        )

    async def deal_with(self) -> Sequence[str]:
        """Send what is still wanted; the state of each reminder afterwards."""
        endings: list[Ending] = []
        tried: list[Tried] = []
        try:
            targets = await self._look(endings)
            attempts = await self._begin(targets)
        except Exception:
            log.exception("reminders could not be looked at", extra={"count": self._size})
            endings = [self._broken(job_id) for job_id in self._claim.attempts]
        else:
            tried = await self._send(attempts)
            endings += self._endings(tried)
        await self._store(endings, tried)
        return [ending.status.value for ending in endings]

    @property
    def _size(self) -> int:
        return len(self._claim.attempts)

    def _now(self) -> datetime:
        return self._resources.clock.now()

    async def _look(self, endings: list[Ending]) -> list[Target]:
        """The pushes to make; what ends without one is added to `endings`."""
        zone = self._resources.settings.notification_default_timezone
        targets: list[Target] = []
        for due in await store.look(self._resources.db, self._claim.token, zone):
            try:
                decided = rules.verdict(due, self._now())
                if isinstance(decided, Ending):
                    endings.append(decided)
                else:
                    targets += await self._targets(due, decided)
            except Exception:
                log.exception("a reminder could not be prepared", extra={"reminder": due.id})
                endings.append(self._broken(due.id))
        return targets

    async def _targets(self, due: Due, devices: Sequence[Device]) -> list[Target]:
        now, push = self._now(), self._resources.push
        payload = msgspec.json.encode(rules.payload_at(due, now))
        message = PushMessage(payload, rules.seconds_left(due, now), topic(due.key))
        targets = []
        for device in devices:
            subscription = PushSubscription(device.endpoint, device.p256dh, device.auth)
            targets.append(Target(due, device.id, push.prepare(subscription, message)))
            # Encrypting takes a while; whatever else runs here gets its turn.
            await asyncio.sleep(0)
        return targets

    async def _begin(self, targets: Sequence[Target]) -> list[tuple[Target, Attempt]]:
        """Note every attempt before it is made, so that no crash makes it happen twice (S6)."""
        if not targets:
            return []
        by_place = {(target.due.id, target.device_id): target for target in targets}
        db, token = self._resources.db, self._claim.token
        attempts = await store.begin(db, token, list(by_place), self._now())
        return [(by_place[attempt.job_id, attempt.device_id], attempt) for attempt in attempts]

    async def _send(self, attempts: Sequence[tuple[Target, Attempt]]) -> list[Tried]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(target: Target, attempt: Attempt) -> Tried:
            if isinstance(target.push, PushResult):
                return Tried(target, attempt, target.push)
            async with slots:
                if self._is_over():
                    return Tried(target, attempt, None)
                return Tried(target, attempt, await self._resources.push.post(target.push))

        return await asyncio.gather(*(one(target, attempt) for target, attempt in attempts))

    def _endings(self, tried: Sequence[Tried]) -> list[Ending]:
        results: dict[int, list[tuple[int, PushResult | None]]] = defaultdict(list)
        dues: dict[int, Due] = {}
        for item in tried:
            dues[item.target.due.id] = item.target.due
            results[item.target.due.id].append((item.target.device_id, item.result))
        now = self._now()
        return [rules.ending(due, results[due.id], self._retries, now) for due in dues.values()]

    def _broken(self, job_id: int) -> Ending:
        return rules.broken(job_id, self._claim.attempts[job_id], self._retries, self._now())

    async def _store(self, endings: Sequence[Ending], tried: Sequence[Tried]) -> None:
        """Note what happened; kept apart from sending, so that its failure repeats nothing (F15).

        Should it fail for good, the notes made before keep the messages from being sent again.
        """
        for pause in (*STORE_AGAIN_AFTER, None):
            try:
                await self._store_once(endings, tried)
                return
            except Exception as error:
                if pause is None:
                    log.exception("outcomes could not be stored", extra={"count": len(endings)})
                    return
                log.warning("outcomes not stored yet", extra={"reason": type(error).__name__})
            await asyncio.sleep(pause)

    async def _store_once(self, endings: Sequence[Ending], tried: Sequence[Tried]) -> None:
        now = self._now()
        found = news((t.attempt.device_id, t.result) for t in tried if t.result is not None)
        async with self._resources.db.transaction() as tx:
            await store.note(tx, [_outcome(item) for item in tried])
            losers = await subscriptions.note(tx, found, now, PERMANENT_FAILURES, PERMANENT_PERIOD)
            await store.end(tx, self._claim.token, endings, now)
            if losers:
                await mark_all_for_planning(tx, losers, "device gone")


def _outcome(tried: Tried) -> Outcome:
    if tried.result is None:
        return Outcome(tried.attempt.id, False, None, "not started")
    error = None if tried.result.ok else tried.result.text
    return Outcome(tried.attempt.id, tried.result.ok, tried.result.status, error)
