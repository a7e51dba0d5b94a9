"""Recording what a sequence of requests answers, so that two stores can be compared."""

import re
from datetime import timedelta
from typing import Any

from msgspec import Struct

from api._lib.clock import ManualClock
from tests.endpoints.asking import Answer, Asking

ID = re.compile(r"rec[A-Za-z0-9]{14}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TICK = timedelta(milliseconds=10)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+Z")


class Exchange(Struct, frozen=True):
    """One request and its answer, with names instead of ids."""

    request: str
    status: int
    body: Any


class Recorder:
    """Asks as somebody and keeps what came back."""

    def __init__(self, known: dict[str, str], clock: ManualClock) -> None:
        """`known` names what exists from the start: people and content.

        The clock moves a little with each request, so that newest first means something.
        """
        self.exchanges: list[Exchange] = []
        self._clock = clock
        self._names = dict(known)

    async def ask(self, who: Asking, method: str, path: str, **options: Any) -> Answer:
        """Make a request; its path may hold ids that were answered before."""
        self._clock.advance(TICK)
        answer = await who.ask(method, path, **options)
        request = f"{method} {self._named(path)} {self._plain(options)}"
        exchange = Exchange(request, answer.status, self._plain(answer.body))
        self.exchanges.append(exchange)
        return answer

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._plain(key): self._plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, str):
            return self._named(MOMENT.sub("<moment>", value))
        return value

    def _named(self, text: str) -> str:
        return ID.sub(lambda found: self._name(found[0]), text)

    def _name(self, found: str) -> str:
        return self._names.setdefault(found, f"<{len(self._names)}>")
