"""The stand-in for tests: a real server on a free port, in a thread of its own."""

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from tasks.dev.airtable.base import Base, Options
from tasks.dev.airtable.control import Control
from tasks.dev.airtable.limiter import Limits
from tasks.dev.airtable.pinging import start_pings
from tasks.dev.airtable.server import server_config
from tasks.dev.airtable.store import Store


class AirtableServer:
    """A running stand-in; the rate limit is off unless `limits` turns it on."""

    def __init__(self, limits: Limits | None = None, data: str = ":memory:") -> None:
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        options = Options(origin=self.url, limits=limits or Limits(enabled=False))
        self.base = Base(options, Store(data))
        self.control = Control(self.base)
        self._server = uvicorn.Server(server_config(self.base))
        self._thread = threading.Thread(target=self._server.run, args=([self.socket],), daemon=True)

    @property
    def token(self) -> str:
        """The token the server accepts."""
        return self.base.options.token

    @property
    def base_id(self) -> str:
        """The id of the one base."""
        return self.base.options.base_id

    @property
    def environ(self) -> dict[str, str]:
        """The environment that makes our server use this stand-in."""
        return {
            "AIRTABLE_ENDPOINT_URL": self.url,
            "AIRTABLE_ACCESS_TOKEN": self.token,
            "AIRTABLE_BASE_ID": self.base_id,
        }

    def __enter__(self) -> Self:
        """Start to serve."""
        start_pings(self.base)
        self._thread.start()
        self.control.wait_for(lambda: self._server.started)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop serving and close the data file."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        if self.base.pinger is not None:
            self.base.pinger.stop()
        self.base.store.close()
        self.socket.close()
