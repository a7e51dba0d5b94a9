"""How the service has been told to answer."""

import asyncio
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct


class Behaviour(Struct, rename="camel", forbid_unknown_fields=True):
    """An answer for one device or all, `times` times or until the behaviours are cleared.

    A status of 200 to 299 still delivers; `hang` never answers, `hold` does when it is released,
    `disconnect` cuts the connection.
    """

    device: str | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
    status: Annotated[int, Meta(ge=200, le=599)] = 201
    retry_after: str | None = None
    location: str | None = None
    delay_seconds: Annotated[float, Meta(ge=0)] = 0
    way: Literal["answer", "hold", "hang", "disconnect"] = "answer"

    @property
    def delivers(self) -> bool:
        """Whether the message is taken."""
        return self.way in ("answer", "hold") and self.status < 300

    def headers(self) -> dict[str, str]:
        """Headers that go with the answer."""
        given = {"Retry-After": self.retry_after, "Location": self.location}
        return {name: value for name, value in given.items() if value is not None}


class Behaviours:
    """What was told, the oldest first."""

    def __init__(self) -> None:
        self.told: list[Behaviour] = []
        self.released = asyncio.Event()
        """Set when the messages held so far are to be answered."""

    def release(self) -> None:
        """Let what is held go; what comes from now on may be held again."""
        self.released.set()
        self.released = asyncio.Event()

    def clear(self) -> None:
        """Forget what was told, and let go what is held."""
        self.told.clear()
        self.release()

    def choose(self, device: str) -> Behaviour:
        """The behaviour for a message to a device; uses up one of its times."""
        fitting = (one for one in self.told if one.device in (None, device))
        chosen = next(fitting, Behaviour())
        if chosen.times is not None:
            chosen.times -= 1
            if chosen.times == 0:
                self.told.remove(chosen)
        return chosen


async def act(behaviour: Behaviour, released: asyncio.Event, request: web.Request) -> None:
    """Let the time pass, or the connection go."""
    await asyncio.sleep(3600 if behaviour.way == "hang" else behaviour.delay_seconds)
    if behaviour.way == "hold":
        await released.wait()
    if behaviour.way == "disconnect" and request.transport:
        request.transport.abort()
