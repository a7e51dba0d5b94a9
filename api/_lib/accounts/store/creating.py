"""One creation of a person per address at a time."""

from api._lib.db import Connection


async def claim_address(connection: Connection, email: str) -> bool:
    """Hold an address for as long as this connection is kept, if nobody else holds it."""
    sql = "SELECT pg_try_advisory_lock(hashtextextended($1, 21))"
    return bool(await connection.fetchval(sql, email))
