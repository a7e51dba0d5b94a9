"""Some answers must not tell known addresses from unknown ones by their time (F-A10)."""

import asyncio
import random
import time

EVEN_SECONDS = 0.025
"""Longer than the work for either kind of address takes, and too short for anybody to notice."""


async def even_out(began: float) -> None:
    """Wait until an answer may leave whose work began at a monotonic time."""
    await asyncio.sleep(max(0.0, began + EVEN_SECONDS - time.monotonic()))


async def blur() -> None:
    """Wait a random while, beside which the tenth of a millisecond of one more look-up is lost."""
    await asyncio.sleep(random.uniform(0, EVEN_SECONDS))
