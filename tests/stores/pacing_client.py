"""A process that sends as fast as the limiter lets it; the limiter's tests start several.

At its end it prints when each of its requests started.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from typing import Any, ClassVar

from requests import PreparedRequest, Response

from api._lib.airtable import client
from api._lib.airtable.errors import AirtableError, NotSentError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import TABLES
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings


class Observed(client.BoundedSession):
    """Notes when requests start, on the clock all processes share."""

    times: ClassVar[list[float]] = []

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send, and note when, unless the slot was missed."""
        if time.monotonic() <= self.start_before:
            self.times.append(time.time())
        return super().send(request, **options)


async def main(lane: Lane, seconds: float, together: int) -> None:
    """Ask for one record again and again from several tasks."""
    client.BoundedSession = Observed  # type: ignore[misc]  # a spy in the place of the class
    settings = load_settings(os.environ, Role.WORKER)
    cache, db = Cache.connect(settings.redis_url), await Database.connect(settings)
    gateway = Gateway(settings, cache, db)

    async def ask() -> None:
        while True:
            try:
                await gateway.page(TABLES["companies"], lane, size=1)
            except NotSentError as error:
                await asyncio.sleep(min(error.retry_in, 0.2))
            except AirtableError:
                await asyncio.sleep(0.05)

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(ask() for _ in range(together)))
    await gateway.close()
    await cache.close()
    await db.close()
    print(json.dumps(Observed.times))


if __name__ == "__main__":
    asyncio.run(main(Lane[sys.argv[1]], float(sys.argv[2]), int(sys.argv[3])))
