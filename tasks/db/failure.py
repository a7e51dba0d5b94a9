"""Says where in which file a migration failed, and why."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from msgspec import Struct

from tasks.db.files import Migration
from tasks.db.statements import Statement


class Failure(Struct, frozen=True, kw_only=True):
    """One failed migration; line and column count from 1, `text` is the line itself."""

    file: str
    sqlstate: str | None
    message: str
    detail: str | None = None
    hint: str | None = None
    line: int | None = None
    column: int | None = None
    text: str | None = None


class MigrationFailedError(Exception):
    """A migration failed and left nothing behind."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@contextmanager
def describe(migration: Migration, statement: Statement | None = None) -> Iterator[None]:
    """Turns an error of the database into `MigrationFailedError`."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        if isinstance(error.__context__, MigrationFailedError):
            # The rollback failed too, on a lost connection; what came first tells more.
            raise error.__context__ from None
        raise MigrationFailedError(_failure(migration, statement, error)) from error


def _failure(migration: Migration, statement: Statement | None, error: Exception) -> Failure:
    line, column, text = _place(migration, statement, error)
    return Failure(
        file=migration.name,
        sqlstate=getattr(error, "sqlstate", None),
        message=getattr(error, "message", None) or str(error) or type(error).__name__,
        detail=getattr(error, "detail", None),
        hint=getattr(error, "hint", None),
        line=line,
        column=column,
        text=text,
    )


def _place(
    migration: Migration, statement: Statement | None, error: Exception
) -> tuple[int | None, int | None, str | None]:
    if statement is None:
        return None, None, None
    # Postgres counts characters from 1; an error without position belongs to the whole statement.
    offset = statement.offset + int(getattr(error, "position", None) or 1) - 1
    before = migration.sql[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    return line, column, migration.sql.split("\n")[line - 1]
