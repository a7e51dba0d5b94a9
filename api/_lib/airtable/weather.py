"""Pause and breaker of one process, by the rules that the Redis scripts apply for all of them."""

from msgspec import Struct

from api._lib.airtable.pacing import (
    AUTH_OPEN_MS,
    FAILURES_TO_OPEN,
    OPEN_LONGEST_MS,
    OPEN_MS,
    PROBE_MS,
)


class Weather(Struct):
    """Whether sending makes sense now; times are seconds of any steady clock."""

    paused_until: float = 0.0
    open_until: float = 0.0
    failures: int = 0
    opens: int = 0
    state: str = "closed"

    def obstacle(self, now: float) -> tuple[str, float] | None:
        """Why nothing may be sent, and for how many seconds."""
        if now < self.paused_until:
            return "paused", self.paused_until - now
        if self.state != "closed" and now < self.open_until:
            return "open", self.open_until - now
        return None

    def start(self, now: float) -> bool:
        """Note that a request goes out; True when it is the probe of an open breaker."""
        if self.state == "closed":
            return False
        self.state, self.open_until = "probing", now + PROBE_MS / 1000
        return True

    def report(self, outcome: str, now: float, pause: float = 0.0) -> None:
        """Learn from an answer: ok, failure, auth or throttled (with the seconds of the pause)."""
        if outcome == "ok":
            self.failures, self.opens, self.state = 0, 0, "closed"
        elif outcome == "auth":
            self._open(now, AUTH_OPEN_MS)
        elif outcome == "throttled":
            self.paused_until = max(self.paused_until, now + pause)
            self.state = "closed" if self.state == "probing" else self.state
        elif self.state != "open":
            self._fail(now)

    def _fail(self, now: float) -> None:
        self.failures += 1
        if self.state == "probing" or self.failures >= FAILURES_TO_OPEN:
            self.opens += 1
            self._open(now, min(OPEN_MS * 2 ** (self.opens - 1), OPEN_LONGEST_MS))

    def _open(self, now: float, milliseconds: float) -> None:
        self.state, self.open_until = "open", now + milliseconds / 1000
