"""The migration tool as an operator runs it: a program of its own, on a folder of its own.

The migrated template of every test run was made by a plain `python tasks/db_migrate.py`.
"""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from tests.prepared import prepared_python

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tasks" / "db_migrate.py"
FIRST = "create table first (id int primary key);\n"
SECOND = "create table second (id int references first);\ncreate index on second (id);\n"


class Result(Struct, frozen=True):
    """What a finished run left: exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of the normal output without their prefix; figures of time become N."""
        lines = [line.removeprefix("[db:migrate] ") for line in self.out.splitlines()]
        return [
            " ".join("N" if word.isdigit() else word for word in line.split()) for line in lines
        ]

    @property
    def document(self) -> dict[str, Any]:
        """The answer of `--json`."""
        return msgspec.json.decode(self.out, type=dict[str, Any])


class Tool:
    """Writes migration files and runs the tool on them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def write(self, **files: str) -> None:
        """Write files; `n0001_first="…"` becomes `0001_first.sql`."""
        for name, sql in files.items():
            (self.folder / f"{name.removeprefix('n')}.sql").write_text(sql, "utf-8")

    async def start(self, *arguments: str, **environ: str) -> asyncio.subprocess.Process:
        """Start a run from a folder that is not the project's."""
        return await asyncio.create_subprocess_exec(
            prepared_python(),
            str(PROGRAM),
            *arguments,
            "--migrations",
            str(self.folder),
            env={"DATABASE_URL": self.url} | environ,
            cwd=self.folder.parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, **environ: str) -> Result:
        """Run to the end."""
        return await finished(await self.start(*arguments, **environ))

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the database under test."""
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def execute(self, sql: str) -> None:
        """Change the database under test."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def tables(self) -> list[str]:
        """Names of all tables of the database, in order."""
        rows = await self.fetch(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        return [name for (name,) in rows]


async def finished(process: asyncio.subprocess.Process) -> Result:
    """Wait for a run to end."""
    out, err = await process.communicate()
    return Result(process.returncode or 0, out.decode(), err.decode())


async def sleeping(tool: Tool) -> None:
    """Wait until the running file sleeps in the database."""
    async with asyncio.timeout(30):
        while not await tool.fetch(
            "select 1 from pg_stat_activity where query like '%pg_sleep(60)%' "
            "and pid <> pg_backend_pid() and datname = current_database()"
        ):
            await asyncio.sleep(0.02)
