"""What the answers of push services mean for a device."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct

from api._lib.push_results import Outcome, PushResult

PERMANENT_FAILURES = 5
PERMANENT_PERIOD = timedelta(hours=24)
"""So many refusals in a row, over so long: the subscription is worth nothing any more (S7)."""

GONE = frozenset({Outcome.GONE, Outcome.BAD_KEYS})
REFUSED = frozenset({Outcome.REJECTED, Outcome.FORBIDDEN})
IGNORED = frozenset({Outcome.TOO_LARGE, Outcome.NOT_CONFIGURED})
MOST_DEVICES = 20


class DeviceNews(Struct, frozen=True):
    """What is learned of a device in one go."""

    id: int
    worked: bool = False
    gone: bool = False
    refusals: int = 0
    error: str | None = None


def news(results: Iterable[tuple[int, PushResult]]) -> list[DeviceNews]:
    """One entry per device that is worth noting, by id; a device may have had several messages."""
    by_device: dict[int, list[PushResult]] = defaultdict(list)
    for device, result in results:
        if result.outcome not in IGNORED:
            by_device[device].append(result)
    return [_of_device(device, by_device[device]) for device in sorted(by_device)]


def _of_device(device: int, results: list[PushResult]) -> DeviceNews:
    errors = [result.text for result in results if not result.ok]
    return DeviceNews(
        device,
        worked=any(result.ok for result in results),
        gone=any(result.outcome in GONE for result in results),
        refusals=sum(result.outcome in REFUSED for result in results),
        error=errors[-1] if errors else None,
    )
