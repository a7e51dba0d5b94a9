"""Operators' programs as tests run them: processes of their own."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tests.prepared import prepared_python
from tests.tasks.migrations import ROOT


class Done(Struct, frozen=True):
    """How a program ended and what it said."""

    code: int | None
    out: str
    err: str

    @property
    def body(self) -> dict[str, Any]:
        """What it said for machines."""
        body: dict[str, Any] = json.loads(self.out)
        return body


async def start(
    name: str, environ: Mapping[str, str], *arguments: str, python: str = ""
) -> Process:
    """Start `tasks/NAME`; by `sys.executable` exactly as an operator does, else in less time."""
    command = [python or prepared_python(), str(ROOT / "tasks" / name), *arguments]
    return await asyncio.create_subprocess_exec(*command, env=environ, stdout=PIPE, stderr=PIPE)


async def run(name: str, environ: Mapping[str, str], *arguments: str, python: str = "") -> Done:
    """Run it to its end."""
    return await ended(await start(name, environ, *arguments, python=python))


async def ended(process: Process) -> Done:
    """Wait for the end of a program."""
    out, err = await process.communicate()
    return Done(process.returncode, out.decode(), err.decode())
