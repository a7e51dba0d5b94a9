"""Postgres: one pool per process, and transactions that end in commit or rollback, nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import asyncpg

from api._lib.pools import limits_of_transaction, open_pool, open_pool_behind_pooler
from api._lib.settings import Settings

T = TypeVar("T")
Record = asyncpg.Record
if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Record] | PoolConnectionProxy[Record]
    Pool = asyncpg.Pool[Record]
else:
    Connection = asyncpg.Connection
# What asyncpg raises on a connection that broke, depending on how far it noticed.
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
GAVE_WAY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""Postgres ended the transaction for another one's sake; the same again may succeed."""

OVERTAKEN = (*GAVE_WAY, asyncpg.UniqueViolationError)
"""The same again finds the row that another one made first, too."""

UNAVAILABLE: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InternalClientError,  # what the next statement meets on a connection that just broke
)
UNREACHABLE: tuple[type[Exception], ...] = (*UNAVAILABLE, OSError, TimeoutError)


class DatabaseUnavailableError(Exception):
    """Postgres cannot be reached, is out of connections, or took too long."""


def reason_of(error: BaseException) -> str:
    """Why something failed, as a log may say it: the kind of error, behind one of ours too."""
    return str(error) if isinstance(error, DatabaseUnavailableError) else type(error).__name__


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
    """The pool of this process; behind a pooler a second one leads to Postgres itself."""

    def __init__(self, pool: "Pool", direct: "Pool", settings: Settings, limits: str) -> None:
        self._pool = pool
        self._direct = direct
        self._settings = settings
        self._limits = limits
        self._timeout = settings.pg_connect_timeout_ms / 1000
        self._observers: list[Callable[[str], None]] = []

    @classmethod
    async def connect(cls, settings: Settings, application_name: str = "mfa-web") -> "Database":
        """Make the pool; its connections open when first needed, so Postgres may be down."""
        direct = await open_pool(settings, application_name)
        if settings.pg_statement_cache:
            return cls(direct, direct, settings, "")
        pool = await open_pool_behind_pooler(settings, application_name)
        return cls(pool, direct, settings, limits_of_transaction(application_name))

    async def close(self) -> None:
        """Wait for running queries, then close all connections."""
        for pool in {self._pool, self._direct}:
            try:
                await asyncio.wait_for(pool.close(), 5)
            except TimeoutError:
                pool.terminate()

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
        async with self._acquire(self._direct) as connection:
            try:
                yield connection
            finally:
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await connection.execute("SELECT pg_advisory_unlock_all(); UNLISTEN *")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit on success, roll back on every exception, cancellation included."""
        async with self._acquire(self._pool) as connection, self._frame(connection):
            yield Transaction(connection, self._settings)

    def _statement(self) -> AbstractAsyncContextManager[Connection]:
        return self._acquire(self._pool) if self._pool is self._direct else self._framed()

    @asynccontextmanager
    async def _framed(self) -> AsyncIterator[Connection]:
        """A transaction for one statement, or a pooler may spread its parts over two servers."""
        async with self._acquire(self._pool, seen=False) as connection, self._frame(connection):
            spy = self._spy()
            if spy is not None:
                connection.add_query_logger(spy)
            try:
                yield connection
            finally:
                if spy is not None:
                    connection.remove_query_logger(spy)

    @asynccontextmanager
    async def _frame(self, connection: Connection) -> AsyncIterator[None]:
        frame = connection.transaction()
        await frame.start()
        try:
            if self._limits:
                await connection.execute(self._limits)
            yield
        except BaseException:
            await _roll_back(frame, connection)
            raise
        await frame.commit()

    def _acquire(self, pool: "Pool", *, seen: bool = True) -> "_Checkout":
        return _Checkout(pool, self._timeout, self._spy() if seen else None)

    async def run(self, block: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run an idempotent block in a transaction, up to three times on a conflict with others."""
        for _ in range(2):
            with suppress(*OVERTAKEN):
                async with self.transaction() as tx:
                    return await block(tx)
        async with self.transaction() as tx:
            return await block(tx)

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """All rows."""
        async with self._statement() as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        """The first row, or nothing."""
        async with self._statement() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or nothing."""
        async with self._statement() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement; its command tag, such as `UPDATE 1`."""
        async with self._statement() as connection:
            return await connection.execute(sql, *args)

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement for each row."""
        async with self._statement() as connection:
            await connection.executemany(sql, rows)

    def _spy(self) -> Callable[[Any], None] | None:
        if not self._observers:
            return None

        def spy(entry: Any) -> None:
            for observer in self._observers if entry.query != self._limits else ():
                observer(entry.query)

        return spy


class _Checkout:
    """A connection on loan; a class, because every query pays for it.

    What means "not available now" becomes one exception; other errors pass.
    """

    __slots__ = ("_connection", "_pool", "_spy", "_timeout")

    def __init__(self, pool: "Pool", timeout: float, spy: Callable[[Any], None] | None) -> None:
        self._pool = pool
        self._timeout = timeout
        self._spy = spy

    async def __aenter__(self) -> Connection:
        # Without an idle connection one waits, and only then the wait needs a clock.
        timeout = None if self._pool.get_idle_size() else self._timeout
        try:
            self._connection = await self._pool.acquire(timeout=timeout)
        except UNREACHABLE as error:
            raise DatabaseUnavailableError(type(error).__name__) from error
        if self._spy is not None:
            self._connection.add_query_logger(self._spy)
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._spy is not None:
            self._connection.remove_query_logger(self._spy)
        gone = isinstance(error, (*UNAVAILABLE, TimeoutError)) or (
            isinstance(error, asyncpg.InterfaceError) and self._connection.is_closed()
        )
        with suppress(asyncpg.InterfaceError, OSError):
            # A statement that was given up is cancelled first, which a dead server does not answer.
            await self._pool.release(self._connection, timeout=self._timeout)
        if gone:
            raise DatabaseUnavailableError(type(error).__name__) from error


async def _roll_back(frame: Any, connection: Connection) -> None:
    """Roll back; a connection that cannot is thrown away, and the first error is the one seen."""
    try:
        await asyncio.shield(frame.rollback())
    except (*LOST, OSError):
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
