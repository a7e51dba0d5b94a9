"""Applies migrations: one runner at a time, each file with its record in one transaction."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg

from api._lib.pools import ssl_context
from api._lib.settings import Settings, SettingsError
from tasks.db.failure import describe
from tasks.db.files import Migration
from tasks.db.report import Report
from tasks.db.state import record

LOCK_KEY = 7_236_841_190_053
LOCK_POLL_SECONDS = 0.2
LOCK_TIMEOUT = "10s"


class LockedError(Exception):
    """Another runner is at work and did not end in time."""


class ConnectError(Exception):
    """The database cannot be reached; the text holds nothing of the connection string."""


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection for this block; raises `ConnectError`, or `SettingsError` for a bad URL."""
    try:
        connection = await asyncpg.connect(
            settings.session_database_url,
            timeout=settings.pg_connect_timeout_ms / 1000,
            ssl=ssl_context(settings),
            server_settings={"application_name": "mfa-migrate", "TimeZone": "UTC"},
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        # The texts of these errors quote host, user, database, even the password.
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            raise SettingsError("DATABASE_URL is not a usable connection string.") from None
        code = getattr(error, "sqlstate", None)
        raise ConnectError(type(error).__name__ + (f", {code}" if code else "")) from None
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


@asynccontextmanager
async def exclusive(settings: Settings, wait_seconds: float) -> AsyncIterator[None]:
    """Be the only runner for this block; raises `LockedError` after `wait_seconds`."""
    async with connected(settings) as connection:
        deadline = time.monotonic() + wait_seconds
        # Waiting inside pg_advisory_lock would hold a snapshot, and a concurrent index build of
        # the other runner waits for all snapshots: both would wait for each other.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            if time.monotonic() >= deadline:
                raise LockedError
            await asyncio.sleep(LOCK_POLL_SECONDS)
        yield


class Runner:
    """Runs files on one connection and tells the report."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        report: Report,
        *,
        statement_timeout_seconds: int,
        version: str,
    ) -> None:
        self._connection = connection
        self._report = report
        self._timeout = f"{statement_timeout_seconds}s"
        self._version = version

    async def apply(self, migrations: Sequence[Migration]) -> None:
        """Apply files in turn; raises `MigrationFailedError` and leaves the later ones alone."""
        for migration in migrations:
            self._report.starts(migration.name)
            started = time.perf_counter()
            with describe(migration):
                if migration.in_transaction:
                    await self._apply_in_transaction(migration, started)
                else:
                    await self._apply_alone(migration, started)
            self._report.applied(migration.name, _milliseconds_since(started))

    async def rehearse(self, migrations: Sequence[Migration]) -> None:
        """Run files in one transaction that is rolled back at the end, whatever happens."""
        frame = self._connection.transaction()
        await frame.start()
        try:
            await self._set_timeouts()
            for migration in migrations:
                await self._rehearse(migration)
        finally:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                await frame.rollback()

    async def _rehearse(self, migration: Migration) -> None:
        if not migration.in_transaction:
            self._report.cannot_rehearse(migration.name)
            return
        self._report.starts(migration.name)
        started = time.perf_counter()
        with describe(migration):
            await self._run_statements(migration)
        self._report.rehearsed(migration.name, _milliseconds_since(started))

    async def _apply_in_transaction(self, migration: Migration, started: float) -> None:
        async with self._connection.transaction():
            await self._set_timeouts()
            await self._run_statements(migration)
            await self._record(migration, started)

    async def _apply_alone(self, migration: Migration, started: float) -> None:
        # No lock_timeout: a concurrent index build waits for others without blocking anyone.
        await self._connection.execute(f"SET statement_timeout = '{self._timeout}'")
        await self._run_statements(migration)
        await self._record(migration, started)
        await self._connection.execute("RESET statement_timeout")

    async def _set_timeouts(self) -> None:
        await self._connection.execute(
            f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; "
            f"SET LOCAL statement_timeout = '{self._timeout}'"
        )

    async def _run_statements(self, migration: Migration) -> None:
        for statement in migration.statements:
            with describe(migration, statement):
                await self._connection.execute(statement.sql)

    async def _record(self, migration: Migration, started: float) -> None:
        milliseconds = _milliseconds_since(started)
        await record(self._connection, migration, milliseconds, self._version)


def _milliseconds_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
