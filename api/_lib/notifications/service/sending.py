"""Sending what is due: several claims at a time, until nothing is left."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial

from api._lib import metrics
from api._lib.context import Resources
from api._lib.notifications.service.batch import Batch
from api._lib.notifications.store import delivering as store

LANES = 3
"""Claims worked on at once: while one waits for Postgres or a device, the others go on."""

LONGEST_MARGIN, MARGIN_SHARE = 15.0, 0.3
"""A push takes at most ten seconds; none starts so late that its lease could end before it."""

LAST_START_SECONDS = 5
"""When its time is over, a run still starts pushes of its last claim for so long."""


class Sender:
    """The sending half of one process; any number of processes may run at once."""

    def __init__(self, resources: Resources, stop: asyncio.Event) -> None:
        """Once `stop` is set no push starts any more, and what was claimed for one goes back."""
        self._resources = resources
        self._stop = stop
        self._running = asyncio.Lock()

    async def run(self, seconds: float) -> Mapping[str, int]:
        """Send until nothing is due or the time is over; how many reminders ended in which state.

        Pushes are not claimed while they are not configured. While a run is under way in this
        process, a second one has nothing to add.
        """
        if self._running.locked() or not self._resources.push.configured:
            return {}
        async with self._running:
            counts: Counter[str] = Counter()
            until = time.monotonic() + seconds
            try:
                async with asyncio.TaskGroup() as lanes:
                    for _ in range(LANES):
                        lanes.create_task(self._lane(until, counts))
            except ExceptionGroup as errors:
                # All lanes meet the same trouble, such as an absent database.
                raise errors.exceptions[0] from None
            return counts

    async def _lane(self, until: float, counts: Counter[str]) -> None:
        settings = self._resources.settings
        while not self._stop.is_set() and time.monotonic() < until:
            lease = settings.sync_lease_seconds
            usable = lease - min(LONGEST_MARGIN, lease * MARGIN_SHARE)
            last_start = min(time.monotonic() + usable, until + LAST_START_SECONDS)
            size, now = settings.notification_batch_size, self._resources.clock.now()
            claim = await store.claim(self._resources.db, size, lease, now)
            if not claim.attempts:
                return
            batch = Batch(self._resources, claim, partial(self._is_over, last_start))
            for status in await batch.deal_with():
                counts[status] += 1
                metrics.reminders.labels(status).inc()

    def _is_over(self, last_start: float) -> bool:
        return self._stop.is_set() or time.monotonic() > last_start
