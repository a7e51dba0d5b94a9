"""How the service has been told to answer."""

import asyncio
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct


class Behaviour(Struct, rename="camel", forbid_unknown_fields=True):
    """An answer for one device or all, `times` times or until the behaviours are cleared.

    A status of 200 to 299 still delivers; `hang` never answers, `disconnect` cuts the connection.
    """

    device: str | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
    status: Annotated[int, Meta(ge=200, le=599)] = 201
    retry_after: str | None = None
    location: str | None = None
    delay_seconds: Annotated[float, Meta(ge=0)] = 0
    way: Literal["answer", "hang", "disconnect"] = "answer"

    @property
    def delivers(self) -> bool:
        """Whether the message is taken."""
        return self.way == "answer" and self.status < 300

    def headers(self) -> dict[str, str]:
        """Headers that go with the answer."""
        given = {"Retry-After": self.retry_after, "Location": self.location}
        return {name: value for name, value in given.items() if value is not None}


class Behaviours:
    """What was told, the oldest first."""

    def __init__(self) -> None:
        self.told: list[Behaviour] = []

    def choose(self, device: str) -> Behaviour:
        """The behaviour for a message to a device; uses up one of its times."""
        fitting = (one for one in self.told if one.device in (None, device))
        chosen = next(fitting, Behaviour())
        if chosen.times is not None:
            chosen.times -= 1
            if chosen.times == 0:
                self.told.remove(chosen)
        return chosen


async def act(behaviour: Behaviour, request: web.Request) -> None:
    """Let the time pass, or the connection go."""
    await asyncio.sleep(3600 if behaviour.way == "hang" else behaviour.delay_seconds)
    if behaviour.way == "disconnect" and request.transport:
        request.transport.abort()
