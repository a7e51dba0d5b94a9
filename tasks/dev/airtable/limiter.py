"""Five requests in any second, then the base is closed for half a minute."""

from collections import deque
from typing import Any

import msgspec

from tasks.dev.airtable.clock import OffsetClock
from tasks.dev.airtable.errors import rate_limited


class Limits(msgspec.Struct, rename="camel"):
    """The figures of the limit; `enabled` false lets everything through."""

    enabled: bool = True
    requests: int = 5
    window_seconds: float = 1.0
    lock_seconds: float = 30.0


class RateLimiter:
    """Counts the requests to the base, whoever sends them."""

    def __init__(self, clock: OffsetClock, limits: Limits) -> None:
        self.clock = clock
        self.limits = limits
        self.locked_until = 0.0
        self._recent: deque[float] = deque()

    def admit(self) -> None:
        """Let one request pass or answer 429; one too many closes the base."""
        now = self.clock.seconds()
        if now < self.locked_until:
            raise rate_limited()
        if not self.limits.enabled:
            return
        while self._recent and now - self._recent[0] >= self.limits.window_seconds:
            self._recent.popleft()
        if len(self._recent) >= self.limits.requests:
            self.lock()
            raise rate_limited()
        self._recent.append(now)

    def lock(self, seconds: float | None = None) -> None:
        """Close the base now, for the usual time unless told otherwise."""
        duration = self.limits.lock_seconds if seconds is None else seconds
        self.locked_until = self.clock.seconds() + duration
        self._recent.clear()

    def unlock(self) -> None:
        """Open the base again."""
        self.locked_until = 0.0
        self._recent.clear()

    def change(self, **figures: Any) -> Limits:
        """Replace some of the figures."""
        self.limits = msgspec.structs.replace(self.limits, **figures)
        return self.limits
