"""Which loopback ports the local stack uses."""

import json
from pathlib import Path

from tasks.dev.child import ChildError
from tasks.dev.services import free_port, taken

APP_PORT = 3000


class Ports:
    """Hands out free ports, the same as last time where possible, so that bookmarks stay good."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ports.json"
        self._last: dict[str, int] = _read(self._path)
        self._used: dict[str, int] = {}

    def choose(self, name: str, preferred: int | None = None) -> int:
        """A free port: the preferred one, else that of last time, else any."""
        for port in (preferred, self._last.get(name)):
            if port and port not in self._used.values() and not taken(port):
                return self._keep(name, port)
        return self._keep(name, self._any())

    def for_app(self, asked: int | None) -> int:
        """The port asked for, which must be free; else 3000 or another free one."""
        if asked and taken(asked):
            raise ChildError(f"Port {asked} is taken; choose another --port, or leave it out")
        return self.choose("app", asked or APP_PORT)

    def _any(self) -> int:
        while (port := free_port()) in self._used.values():
            pass
        return port

    def _keep(self, name: str, port: int) -> int:
        self._used[name] = port
        self._path.write_text(json.dumps(self._used))
        return port


def _read(path: Path) -> dict[str, int]:
    return (
        {str(k): int(v) for k, v in json.loads(path.read_text()).items()} if path.exists() else {}
    )
