"""The leases this process holds, and the moment after which each is no longer safe to use."""

import time
from uuid import UUID

LONGEST_MARGIN = 35.0
"""A request takes at most 30 seconds; a lease that ends sooner is not used any more."""

MARGIN_SHARE = 0.3
RENEWALS = 4


class Leases:
    """Ends of leases on the monotonic clock, always a little earlier than in Postgres."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.renew_every = seconds / RENEWALS
        self._margin = min(LONGEST_MARGIN, seconds * MARGIN_SHARE)
        self._ends: dict[UUID, float] = {}

    @property
    def tokens(self) -> list[UUID]:
        """Tokens of all leases in use."""
        return list(self._ends)

    def begin(self, token: UUID, asked_at: float) -> None:
        """Note a lease that Postgres granted after `asked_at`; older events keep the older end."""
        self._ends.setdefault(token, asked_at + self.seconds)

    def renewed(self, tokens: list[UUID], asked_at: float) -> None:
        """Note that leases were renewed after `asked_at`."""
        for token in tokens:
            if token in self._ends:
                self._ends[token] = asked_at + self.seconds

    def end(self, token: UUID) -> None:
        """Forget a lease whose events are all dealt with."""
        self._ends.pop(token, None)

    def not_after(self, token: UUID) -> float:
        """Monotonic time after which no request may start under this lease."""
        return self._ends.get(token, time.monotonic()) - self._margin
