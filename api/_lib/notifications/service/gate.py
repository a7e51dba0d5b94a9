"""The last moment before pushes go out."""

import asyncio
from collections.abc import Hashable, Iterable
from contextlib import suppress

PATIENCE_SECONDS = 1.0
"""One push service that is slow to connect to must not hold up the others for long."""


class Gate:
    """Holds pushes back, each with its connection open, until all of them may go."""

    def __init__(self, pushes: Iterable[Hashable]) -> None:
        self._missing = set(pushes)
        self._complete = asyncio.Event()
        self._open = asyncio.Event()

    def count(self, push: Hashable) -> None:
        """Say that nobody needs to wait for a push any more."""
        self._missing.discard(push)
        if not self._missing:
            self._complete.set()

    async def hold(self, push: Hashable) -> None:
        """Wait at the gate until it opens."""
        self.count(push)
        await self._open.wait()

    async def complete(self) -> None:
        """Wait until every push is at the gate or given up, or the patience is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._complete.wait(), PATIENCE_SECONDS)

    def open(self) -> None:
        """Let all go, as soon as whoever opens it has to wait for something."""
        self._open.set()

    @property
    def is_open(self) -> bool:
        """Whether they may go."""
        return self._open.is_set()
