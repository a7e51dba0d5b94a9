"""The server as production starts it: `python -m api` on a port of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tasks.dev.child import Child
from tasks.dev.probe import healthy
from tasks.dev.services import HOST, free_port
from tests.prepared import prepared_python

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0


class ServerProcess:
    """One process of the server; it keeps its port when it is started again.

    `python` is `sys.executable` where the start itself is looked at.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        python: str = "",
        folder: Path = ROOT,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.child = Child(
            "server",
            [python or prepared_python(), "-m", "api"],
            environ={**environ, "PORT": str(self.port), "LISTEN_HOST": HOST},
            folder=folder,
            log=log,
        )

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        self.child.start()
        self.child.wait_until(lambda: healthy(self.url), PATIENCE)

    def __enter__(self) -> "ServerProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
