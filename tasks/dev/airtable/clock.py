"""The stand-in's clock: real time plus an offset, so that a test can let days pass."""

import time
from datetime import UTC, datetime


class OffsetClock:
    """Real time moved forward by `offset` seconds."""

    def __init__(self) -> None:
        self.offset = 0.0

    def seconds(self) -> float:
        """Return the current time in seconds since the epoch."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)


def iso(moment: datetime) -> str:
    """Write a moment as the API does: milliseconds and a `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
