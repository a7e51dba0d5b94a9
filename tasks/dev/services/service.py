"""What all servers of the local stack have in common."""

import importlib.util
import os
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from tasks.dev.child import Child, ChildError
from tasks.dev.services.ports import free_port

START_WAITS = (0.05, 0.2, 1, 3, None)


class Service(ABC):
    """A server that keeps its data, its password and its port while it ends and starts again."""

    name: str

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._log = log
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._child is None:
            raise ChildError(f"{self.name} is not running")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._child is not None and self._child.running

    @property
    def password(self) -> str:
        """The password made when the data folder was made."""
        return (self.folder / "password").read_text()

    def start(self) -> None:
        """Start and wait until it answers; keeps its port, or takes a free one the first time."""
        if self.running:
            return
        self.prepare()
        for wait in START_WAITS:
            try:
                self._start_on(self.port or free_port())
                return
            except ChildError:
                # Somebody may have taken the port between our choice and its use, or processes
                # of a killed server may still be about to end.
                if wait is None:
                    raise
                time.sleep(wait)

    def _start_on(self, port: int) -> None:
        self._child = self._make_child(port)
        self._child.start()
        self._child.wait_until(lambda: self.answers(port))
        self.port = port

    def ask_to_end(self) -> None:
        """Begin to end in good order."""
        if self._child:
            self._child.ask_to_end()

    def stop(self) -> None:
        """End in good order."""
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        """End as a crash would; `start` recovers."""
        if self._child:
            self._child.kill()

    def prepare(self) -> None:
        """Make the data folder if there is none."""
        if not (self.folder / "password").exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_secret(self.folder / "password", secrets.token_hex(24))

    @abstractmethod
    def answers(self, port: int) -> bool:
        """Whether the server on that port takes requests."""

    @abstractmethod
    def _make_child(self, port: int) -> Child:
        """The program to run."""


def write_secret(path: Path, content: str) -> None:
    """Write a file that only its owner can read; it is whole or not there."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    new.replace(path)


def package_folder(name: str) -> Path:
    """Where a package lies, without importing it: these two do much when imported."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ChildError(f"the package {name} is not installed; run make venv")
    return Path(found.origin).parent
