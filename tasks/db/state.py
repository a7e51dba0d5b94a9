"""The table schema_migrations, and how it compares with the files."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from msgspec import Struct

from api._lib.schema_version import MIGRATION_NAME
from tasks.db.files import Migration, RefusedError


class Recorded(Struct, frozen=True):
    """A row of schema_migrations; without checksum when an older tool wrote it."""

    name: str
    applied_at: datetime
    checksum: str | None


class State(Struct, frozen=True):
    """Every file and every record in the one group where it belongs."""

    applied: list[Recorded]
    pending: list[Migration]
    changed: list[str]
    missing: list[str]
    foreign: list[str]

    @property
    def newest(self) -> int:
        """Highest applied number; 0 when none is."""
        return max((int(row.name[:4]) for row in self.applied), default=0)


def compare(files: Sequence[Migration], recorded: Sequence[Recorded]) -> State:
    """Sort files and records: names that do not fit our pattern are foreign and left alone."""
    by_name = {file.name: file for file in files}
    rows = {row.name: row for row in recorded}
    ours = [row for row in recorded if row.name in by_name]
    others = [row for row in recorded if row.name not in by_name]
    missing = [row.name for row in others if row.checksum and MIGRATION_NAME.fullmatch(row.name)]
    return State(
        applied=ours,
        pending=[file for file in files if file.name not in rows],
        changed=[
            row.name for row in ours if row.checksum not in (None, by_name[row.name].checksum)
        ],
        missing=missing,
        foreign=[row.name for row in others if row.name not in missing],
    )


def check(state: State, *, allow_out_of_order: bool) -> None:
    """Raise `RefusedError` when applying could build on something else than these files."""
    problems = [f"{name}: changed after it was applied" for name in state.changed]
    problems += [f"{name}: applied, but the file is missing" for name in state.missing]
    if not allow_out_of_order:
        problems += [
            f"{file.name}: not applied, but {state.newest:04} already is"
            for file in state.pending
            if file.number < state.newest
        ]
    if problems:
        raise RefusedError(problems)


async def read_recorded(connection: asyncpg.Connection) -> list[Recorded]:
    """The records by name; works without the table and without its newer columns."""
    async with connection.transaction(readonly=True):
        if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
            return []
        rows = await connection.fetch(
            "SELECT id, applied_at, to_jsonb(m) ->> 'checksum' AS checksum "
            "FROM schema_migrations m ORDER BY id"
        )
    return [Recorded(row["id"], row["applied_at"], row["checksum"]) for row in rows]


async def prepare_table(connection: asyncpg.Connection) -> None:
    """Make the table, or add the columns that an older tool's table lacks."""
    await connection.execute(
        """
        SET client_min_messages = warning;
        CREATE TABLE IF NOT EXISTS schema_migrations (
            id text PRIMARY KEY,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE schema_migrations
            ADD COLUMN IF NOT EXISTS checksum text,
            ADD COLUMN IF NOT EXISTS duration_ms int,
            ADD COLUMN IF NOT EXISTS app_version text;
        RESET client_min_messages;
        """
    )


async def record(
    connection: asyncpg.Connection, migration: Migration, milliseconds: int, version: str
) -> None:
    """Remember that a file was applied."""
    await connection.execute(
        "INSERT INTO schema_migrations (id, applied_at, checksum, duration_ms, app_version) "
        "VALUES ($1, now(), $2, $3, $4)",
        migration.name,
        migration.checksum,
        milliseconds,
        version,
    )
