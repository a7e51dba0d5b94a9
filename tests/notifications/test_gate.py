"""Pushes that are held back until their attempts are noted."""

import asyncio

import pytest

from api._lib.notifications.service import gate as gates
from api._lib.notifications.service.gate import Gate


async def test_it_opens_for_all_at_once() -> None:
    gate, passed = Gate([1, 2, 3]), list[int]()

    async def push(number: int) -> None:
        await gate.hold(number)
        passed.append(number)

    running = [asyncio.create_task(push(number)) for number in (1, 2)]
    waiting = asyncio.create_task(gate.complete())
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.count(3)
    await waiting
    assert not passed
    gate.open()
    await asyncio.gather(*running)
    assert passed == [1, 2]


async def test_it_waits_for_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "PATIENCE_SECONDS", 0.01)
    await Gate(["slow"]).complete()
