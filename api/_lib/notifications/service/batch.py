"""One claim: look again, note what will be sent, send it, note what came of it."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import msgspec
from msgspec import Struct

from api._lib.context import Resources
from api._lib.notifications.model import Device
from api._lib.notifications.rules import sending as rules
from api._lib.notifications.rules.devices import PERMANENT_FAILURES, PERMANENT_PERIOD, news
from api._lib.notifications.rules.sending import Due, Ending, Retries
from api._lib.notifications.service.gate import Gate
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


Place = tuple[int, int]
"""A reminder and a device."""


class Target(Struct, frozen=True):
    """One push of a reminder to one device, encrypted, or the reason why it cannot be made."""

    due: Due
    device_id: int
    push: Prepared | PushResult


class Tried(Struct, frozen=True):
    """A target, the note of its attempt, and the result; both None when its turn did not come."""

    target: Target
    attempt: Attempt | None = None
    result: PushResult | None = None


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
            for start in range(0, len(targets), AT_ONCE):
                tried += await self._send(targets[start : start + AT_ONCE])
            endings += self._endings(tried)
        except Exception:
            ended = {ending.id for ending in endings}
            left = [job_id for job_id in self._claim.attempts if job_id not in ended]
            log.exception("reminders could not be dealt with", extra={"count": len(left)})
            endings += map(self._broken, left)
        await self._store(endings, tried)
        return [ending.status.value for ending in endings]

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

    async def _send(self, targets: Sequence[Target]) -> list[Tried]:
        """Make these pushes at once, each over a connection that is open already."""
        if self._is_over():
            return [Tried(target) for target in targets]
        gate = Gate(_place(target) for target in targets)
        async with asyncio.TaskGroup() as pushes:
            running = {_place(t): pushes.create_task(self._push(t, gate)) for t in targets}
            await gate.complete()
            attempts = await self._begin(running, gate)
        return [
            Tried(target, attempts[place], running[place].result())
            for target in targets
            if (place := _place(target)) in running
        ]

    async def _push(self, target: Target, gate: Gate) -> PushResult:
        place = _place(target)
        try:
            if isinstance(target.push, PushResult):
                return target.push
            return await self._resources.push.post(target.push, partial(gate.hold, place))
        finally:
            gate.count(place)

    async def _begin(
        self, running: dict[Place, asyncio.Task[PushResult]], gate: Gate
    ) -> dict[Place, Attempt]:
        """Note these attempts and let them be made; those that cannot be noted are not.

        A crash after the note makes none of them twice (S6), but loses what was not made yet. So
        the commit is the last that goes out before them, and its answer is not waited for.
        """
        attempts: dict[Place, Attempt] = {}
        try:
            async with self._resources.db.transaction() as tx:
                for attempt in await store.begin(tx, self._claim.token, list(running), self._now()):
                    attempts[attempt.job_id, attempt.device_id] = attempt
                for place in running.keys() - attempts.keys():
                    running.pop(place).cancel()
                gate.open()
        except Exception as error:
            if not gate.is_open:
                raise
            # They are made, so they end as they end; only their notes are missing.
            log.warning("attempts not noted", extra={"reason": type(error).__name__})
        return attempts

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
        found = news((t.target.device_id, t.result) for t in tried if t.result is not None)
        async with self._resources.db.transaction() as tx:
            await store.note(
                tx, [_outcome(t.attempt, t.result) for t in tried if t.attempt and t.result]
            )
            losers = await subscriptions.note(tx, found, now, PERMANENT_FAILURES, PERMANENT_PERIOD)
            await store.end(tx, self._claim.token, endings, now)
            if losers:
                await mark_all_for_planning(tx, losers, "device gone")


def _place(target: Target) -> Place:
    return target.due.id, target.device_id


def _outcome(attempt: Attempt, result: PushResult) -> Outcome:
    return Outcome(attempt.id, result.ok, result.status, None if result.ok else result.text)
