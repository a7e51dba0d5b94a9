"""Hearing what the application calls for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from api._lib.context import Context
from api._lib.sync.inbound.bell import InboundBell
from api._lib.sync.inbound.webhook_store import call
from api._lib.sync.jobs import Job


class Work:
    """Jobs that only count, and of which one takes as long as the test wants."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.together = self.most_together = 0
        self.may_end = asyncio.Event()

    async def drain_webhook(self, _runtime: Any, **_arguments: str) -> None:
        """Takes its time."""
        self.runs["drain_webhook"] += 1
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        await self.may_end.wait()
        self.together -= 1

    async def keep_webhook(self, _runtime: Any, **_arguments: str) -> None:
        """Takes no time."""
        self.runs["keep_webhook"] += 1


@pytest.fixture
async def work(ctx: Context) -> AsyncIterator[Work]:
    """What a bell of its own starts."""
    work, stop = Work(), asyncio.Event()
    jobs = {job.name: job for job in (Job(work.drain_webhook, 60), Job(work.keep_webhook, 60))}
    runtime: Any = SimpleNamespace(db=ctx.db, jobs=jobs, worker="worker-1", stopping=stop)
    listening = asyncio.create_task(InboundBell(runtime, stop).listen())
    yield work
    stop.set()
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def until(happened: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 10
    while not happened():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_a_burst_of_calls_makes_one_more_look_and_holds_one_connection(
    ctx: Context, work: Work
) -> None:
    """Every look holds a connection, and the pool has few."""
    await until(lambda: work.runs["drain_webhook"] == 1)
    for _ in range(20):
        await call(ctx.db, "drain_webhook")
    await call(ctx.db, "keep_webhook")
    await until(lambda: work.runs["keep_webhook"] == 2)  # so the others were heard, too
    work.may_end.set()
    await until(lambda: work.runs["drain_webhook"] == 2 and work.together == 0)
    await call(ctx.db, "keep_webhook")
    await until(lambda: work.runs["keep_webhook"] == 3)
    assert (work.runs["drain_webhook"], work.most_together) == (2, 1)
