"""How connections to Postgres are opened: with which limits, codecs and encryption."""

import ssl
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from api._lib.settings import Settings

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    _Base = asyncpg.Connection[asyncpg.Record]
else:
    _Base = asyncpg.Connection
STATEMENT_TIMEOUT_MS = {"mfa-web": 15_000, "mfa-worker": 60_000}
UNANSWERED_SECONDS = 5.0
"""Postgres ends a statement itself; one that is still out so much later will not be answered."""


async def open_pool(settings: Settings, application_name: str) -> "Pool":
    """A pool to Postgres itself; its sessions carry the limits."""
    parameters = _names(application_name) | _limits(application_name)
    return await _open(settings, settings.session_database_url, parameters, init=_prepare)


async def open_pool_behind_pooler(settings: Settings, application_name: str) -> "Pool":
    """A pool to a pooler in transaction mode: no state outlives a transaction."""
    return await _open(
        settings,
        settings.database_url,
        # It refuses start-up parameters it does not know.
        _names(application_name),
        init=_prepare_in_transaction,
        statement_cache_size=0,
    )


def limits_of_transaction(application_name: str) -> str:
    """Statements that set the limits for one transaction, as no session is there to carry them."""
    limits = _limits(application_name)
    return "; ".join(f"SET LOCAL {name} = {value}" for name, value in limits.items())


def ssl_context(settings: Settings) -> ssl.SSLContext | bool | None:
    """Encryption as PGSSLMODE asks for it; without it the connection string decides."""
    mode = settings.pgsslmode
    if mode is None:
        return None
    if mode == "disable":
        return False
    context = ssl.create_default_context(cafile=settings.pgsslrootcert)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


async def _open(settings: Settings, url: str, parameters: dict[str, str], **options: Any) -> "Pool":
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=settings.pg_pool_max,
        max_inactive_connection_lifetime=settings.pg_idle_timeout_ms / 1000,
        timeout=settings.pg_connect_timeout_ms / 1000,
        command_timeout=_statement_timeout_ms(parameters["application_name"]) / 1000
        + UNANSWERED_SECONDS,
        connection_class=_Connection,
        ssl=ssl_context(settings),
        server_settings=parameters,
        **options,
    )


async def _prepare_in_transaction(connection: asyncpg.Connection) -> None:
    # A codec is looked up by a query, whose parts a pooler may spread over two servers.
    async with connection.transaction():
        await _prepare(connection)


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )
    # Lists are parameters of nearly every request; met here, their types cost no look-up there.
    await connection.fetchval("SELECT $1::text[] IS NULL AND $2::uuid[] IS NULL", [], [])


def _names(application_name: str) -> dict[str, str]:
    return {"application_name": application_name, "TimeZone": "UTC"}


def _limits(application_name: str) -> dict[str, str]:
    return {
        "statement_timeout": str(_statement_timeout_ms(application_name)),
        "lock_timeout": "5000",
        "idle_in_transaction_session_timeout": "30000",
    }


def _statement_timeout_ms(application_name: str) -> int:
    return STATEMENT_TIMEOUT_MS.get(application_name, 60_000)


class _Connection(_Base):
    """Pooled queries leave no session state behind, so giving back needs no extra round trip."""

    def get_reset_query(self) -> str:
        return ""
