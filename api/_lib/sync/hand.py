"""What one process holds: events it claimed, items ready to go, children that wait for parents."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from api._lib.airtable.entities import RANKS
from api._lib.airtable.gateway import BATCH
from api._lib.sync.claims import Claimed
from api._lib.sync.desired import Key
from api._lib.sync.items import Action, Item
from api._lib.sync.rules import batch_size

Kind = tuple[str, Action, int]
"""What can go into one request: a table, a kind of write, and how many records at most."""


class Hand:
    """Holds events from their claim to their end; batches are put together as late as possible."""

    def __init__(self) -> None:
        self._ready: dict[Kind, deque[tuple[int, Item]]] = {}
        self._waiting: dict[Key, list[Claimed]] = defaultdict(list)
        self._held: set[Key] = set()
        self._number = 0

    @property
    def upserts(self) -> frozenset[Key]:
        """Records that are going to be written; their children need not be parked."""
        return frozenset(self._held)

    @property
    def ready(self) -> int:
        """Items that wait for a slot."""
        return sum(map(len, self._ready.values()))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held any more."""
        return not self._ready and not self._waiting

    def hold(self, events: Iterable[Claimed]) -> None:
        """Take claimed events."""
        self._held |= {event.key for event in events if event.operation == "upsert"}

    def add(self, items: Iterable[Item]) -> None:
        """Make items ready, in their order."""
        for item in items:
            self._number += 1
            self._ready.setdefault(_kind(item), deque()).append((self._number, item))

    def wait(self, event: Claimed, parent: Key) -> bool:
        """Let an event wait until its parent is settled; False when that has already happened."""
        if parent not in self._held:
            return False
        self._waiting[parent].append(event)
        return True

    def take(self) -> list[Item]:
        """The next batch: of the kind whose first item has waited longest."""
        if not self._ready:
            return []
        kind = min(self._ready, key=lambda kind: self._ready[kind][0][0])
        queue = self._ready[kind]
        batch = [queue.popleft()[1] for _ in range(min(kind[2], len(queue)))]
        if not queue:
            del self._ready[kind]
        return batch

    def settle(self, keys: Iterable[Key]) -> list[Claimed]:
        """Let go records that are dealt with; returns the children that waited for them."""
        children: list[Claimed] = []
        for key in keys:
            self._held.discard(key)
            children += self._waiting.pop(key, [])
        return children


def in_order(events: Sequence[Claimed]) -> list[Claimed]:
    """Upserts of parents first, deletes of parents last; else as they were claimed.

    People exist in Airtable already, so nothing waits for them: what they did comes first.
    """

    def place(event: Claimed) -> tuple[bool, int]:
        rank = RANKS[event.entity_type]
        if event.operation == "delete":
            return True, -rank
        return False, rank or max(RANKS.values()) + 1

    return sorted(events, key=place)


def _kind(item: Item) -> Kind:
    """A record that makes Airtable fail must not take nine others with it to their last try."""
    alone = item.action is Action.SEARCH
    size = 1 if alone else batch_size(item.event.attempts, BATCH)
    return item.event.entity_type, item.action, size
