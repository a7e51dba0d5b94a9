"""The process with all imports: forks one program per order, as `python` would have started it."""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from msgspec import Struct

import api
import tasks

LATER = (
    "aiohttp.web",
    "saq.__main__",
    "saq.worker",
    "rich.progress",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.websockets.auto",
)
"""What our programs import when they run, beyond our own modules."""


class Program(Struct, frozen=True):
    """What to run, and how."""

    arguments: list[str]
    environ: dict[str, str]
    folder: str

    def run(self) -> None:
        """Become this program; returns or raises as its last line does."""
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environ)
        first, *rest = self.arguments
        if first == "-m":
            sys.argv[:] = rest
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        elif first == "-c":
            sys.argv[:] = ["-c", *rest[1:]]
            exec(rest[0], {"__name__": "__main__"})
        else:
            sys.argv[:] = self.arguments
            runpy.run_path(first, run_name="__main__")


class Mother:
    """Listens for orders, and tells each customer how the program ended."""

    def __init__(self, path: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(path)
        self._listening.listen(64)
        self._customers: dict[int, tuple[int, socket.socket]] = {}
        """Process id and connection by the descriptor of the process."""
        for file in (self._listening, sys.stdin):
            self._selector.register(file, selectors.EVENT_READ)

    def serve(self) -> Program | None:
        """Return a program in the child that is to become it; nothing at the end of all."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    self._end()
                    return None
                if key.fileobj is self._listening:
                    if program := self._order():
                        return program
                elif key.fd in self._customers:
                    self._ended(key.fd)
                elif key.data is not None and key.data in self._customers:
                    # The customer is gone: killed, so the program is too.
                    self._kill(key.data)

    def _order(self) -> Program | None:
        customer, _ = self._listening.accept()
        head, files, _, _ = socket.recv_fds(customer, 4, 3)
        text = _exactly(customer, int.from_bytes(head))
        pid = os.fork()
        if pid == 0:
            customer.close()
            self._forget()
            for number, file in enumerate(files):
                os.dup2(file, number)
                os.close(file)
            return Program(**json.loads(text))
        for file in files:
            os.close(file)
        process = os.pidfd_open(pid)
        self._customers[process] = (pid, customer)
        self._selector.register(process, selectors.EVENT_READ)
        self._selector.register(customer, selectors.EVENT_READ, process)
        with suppress(OSError):
            customer.sendall(pid.to_bytes(4))
        return None

    def _ended(self, process: int) -> None:
        pid, customer = self._customers.pop(process)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self._selector.unregister(process)
        self._selector.unregister(customer)
        os.close(process)
        with suppress(OSError):
            customer.sendall(status.to_bytes(4, signed=True))
        customer.close()

    def _kill(self, process: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._customers[process][0], signal.SIGKILL)
        self._ended(process)

    def _end(self) -> None:
        for process in list(self._customers):
            self._kill(process)

    def _forget(self) -> None:
        """Close what is the mother's, in the child."""
        self._selector.close()
        self._listening.close()
        for process, (_, customer) in self._customers.items():
            os.close(process)
            customer.close()


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += connection.recv(size - len(found))
    return found


def load() -> None:
    """Import everything our programs may need."""
    for package in (api, tasks):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and not found.name.startswith("tasks.dev"):
                importlib.import_module(found.name)
    for name in LATER:
        importlib.import_module(name)
    # Programs are not to look through all of this for rubbish, nor to copy its pages.
    gc.collect()
    gc.freeze()


def leave(status: int) -> NoReturn:
    """End as the interpreter does, but without taking a thousand modules apart."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as at any end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    load()
    mother = Mother(sys.argv[1])
    print("ready", flush=True)
    program = mother.serve()
    try:
        if program is not None:
            program.run()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    leave(0)
