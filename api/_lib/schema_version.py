"""Which migrations this version knows, and how many of them the database still lacks."""

import re
from functools import cache
from pathlib import Path

from asyncpg import UndefinedTableError

from api._lib.db import Queries

MIGRATIONS = Path(__file__).parents[2] / "tasks" / "db" / "migrations"
MIGRATION_NAME = re.compile(r"(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql")


@cache
def known_migrations() -> tuple[str, ...]:
    """Names of the migration files of this version, in their order."""
    names = (path.name for path in MIGRATIONS.iterdir())
    return tuple(sorted(name for name in names if MIGRATION_NAME.fullmatch(name)))


async def pending_migrations(q: Queries) -> int:
    """How many known migrations the database lacks; not for use in a transaction.

    A database without the table answers with an error, which would end the transaction.
    """
    known = known_migrations()
    try:
        applied = await q.fetchval(
            "SELECT count(*) FROM schema_migrations WHERE id = ANY($1::text[])", list(known)
        )
    except UndefinedTableError:
        return len(known)
    return len(known) - int(applied)
