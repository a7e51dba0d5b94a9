"""Postgres: one pool per process, and transactions that end in commit or rollback, nothing else."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import asyncpg
import msgspec

from api._lib.settings import Settings

T = TypeVar("T")
Record = asyncpg.Record
if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Record] | PoolConnectionProxy[Record]
    _Base = asyncpg.Connection[Record]
else:
    Connection = _Base = asyncpg.Connection
# What asyncpg raises on a connection that broke, depending on how far it noticed.
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
RETRIED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
STATEMENT_TIMEOUT_MS = {"mfa-web": 15_000, "mfa-worker": 60_000}


class DatabaseUnavailableError(Exception):
    """Postgres cannot be reached, is out of connections, or took too long."""


class Queries(Protocol):
    """What a store needs to run SQL: the pool, or an open transaction."""

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """All rows."""

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        """The first row, or nothing."""

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or nothing."""

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement; its command tag, such as `UPDATE 1`."""

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement for each row."""


class Transaction:
    """An open transaction; only `Database.transaction` makes one, so a signature can demand it."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.connection = connection
        self.settings = settings

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """All rows."""
        return await self.connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        """The first row, or nothing."""
        return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or nothing."""
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement; its command tag, such as `UPDATE 1`."""
        return await self.connection.execute(sql, *args)

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement for each row."""
        await self.connection.executemany(sql, rows)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator["Transaction"]:
        """A part that may fail without losing the whole."""
        async with self.connection.transaction():
            yield self


class Database:
    """The pool of this process."""

    def __init__(self, pool: "asyncpg.Pool[Record]", settings: Settings) -> None:
        self._pool = pool
        self._settings = settings
        self._timeout = settings.pg_connect_timeout_ms / 1000
        self._observers: list[Callable[[str], None]] = []

    @classmethod
    async def connect(cls, settings: Settings, application_name: str = "mfa-web") -> "Database":
        """Make the pool; its connections open when first needed, so Postgres may be down."""
        pool = asyncpg.create_pool(
            settings.database_url,
            min_size=0,
            max_size=settings.pg_pool_max,
            max_inactive_connection_lifetime=settings.pg_idle_timeout_ms / 1000,
            timeout=settings.pg_connect_timeout_ms / 1000,
            init=_prepare,
            connection_class=_Connection,
            ssl=ssl_context(settings),
            statement_cache_size=100 if settings.pg_statement_cache else 0,
            server_settings=_session_defaults(settings, application_name),
        )
        await pool
        return cls(pool, settings)

    async def close(self) -> None:
        """Wait for running queries, then close all connections."""
        try:
            await asyncio.wait_for(self._pool.close(), 10)
        except TimeoutError:
            self._pool.terminate()

    def observe(self, callback: Callable[[str], None]) -> None:
        """Show every statement of this pool to `callback`."""
        self._observers.append(callback)

    @property
    def size(self) -> tuple[int, int]:
        """Open connections and idle ones among them."""
        return self._pool.get_size(), self._pool.get_idle_size()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of one's own for session locks and LISTEN, given back clean."""
        async with self._acquire() as connection:
            try:
                yield connection
            finally:
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await connection.execute("SELECT pg_advisory_unlock_all(); UNLISTEN *")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit on success, roll back on every exception, cancellation included."""
        async with self._acquire() as connection:
            frame = connection.transaction()
            await frame.start()
            try:
                yield Transaction(connection, self._settings)
            except BaseException:
                await _roll_back(frame, connection)
                raise
            await frame.commit()

    @asynccontextmanager
    async def _acquire(self) -> AsyncIterator[Connection]:
        with _available(OSError, TimeoutError):
            connection = await self._pool.acquire(timeout=self._timeout)
        spy = self._spy(connection)
        try:
            with _available():
                yield connection
        finally:
            if spy is not None:
                connection.remove_query_logger(spy)
            with suppress(asyncpg.InterfaceError, OSError):
                await self._pool.release(connection, timeout=self._timeout)

    async def run(self, block: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run an idempotent block in a transaction, up to three times on a conflict with others."""
        for _ in range(2):
            with suppress(*RETRIED):
                async with self.transaction() as tx:
                    return await block(tx)
        async with self.transaction() as tx:
            return await block(tx)

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """All rows."""
        async with self._acquire() as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        """The first row, or nothing."""
        async with self._acquire() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or nothing."""
        async with self._acquire() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement; its command tag, such as `UPDATE 1`."""
        async with self._acquire() as connection:
            return await connection.execute(sql, *args)

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement for each row."""
        async with self._acquire() as connection:
            await connection.executemany(sql, rows)

    def _spy(self, connection: Connection) -> Callable[[Any], None] | None:
        if not self._observers:
            return None

        def spy(entry: Any) -> None:
            for observer in self._observers:
                observer(entry.query)

        connection.add_query_logger(spy)
        return spy


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )


def _session_defaults(settings: Settings, application_name: str) -> dict[str, str]:
    defaults = {"application_name": application_name, "TimeZone": "UTC"}
    if not settings.pg_statement_cache:
        # A pooler in transaction mode refuses start-up parameters it does not know.
        return defaults
    timeout = STATEMENT_TIMEOUT_MS.get(application_name, 60_000)
    return defaults | {
        "statement_timeout": str(timeout),
        "lock_timeout": "5000",
        "idle_in_transaction_session_timeout": "30000",
    }


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """Encryption as PGSSLMODE asks for it; without it the connection string decides."""
    mode = settings.pgsslmode
    if mode in (None, "disable"):
        return None
    context = ssl.create_default_context(cafile=settings.pgsslrootcert)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


UNAVAILABLE: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InvalidPasswordError,
)


@contextmanager
def _available(*further: type[Exception]) -> Iterator[None]:
    """Turns what means "not available now" into one exception; other errors pass."""
    try:
        yield
    except UNAVAILABLE + further as error:
        raise DatabaseUnavailableError(type(error).__name__) from error


async def _roll_back(frame: Any, connection: Connection) -> None:
    """Roll back; a connection that cannot is thrown away, and the first error is the one seen."""
    try:
        await asyncio.shield(frame.rollback())
    except (*LOST, OSError):
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


class _Connection(_Base):
    """Pooled queries leave no session state behind, so giving back needs no extra round trip."""

    def get_reset_query(self) -> str:
        return ""


def server_name(database_url: str) -> str:
    """Host of a connection string, for messages that must not show its password."""
    return urlsplit(database_url).hostname or "localhost"
