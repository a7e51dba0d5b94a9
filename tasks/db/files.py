"""The migration files: found, ordered and checked before anything runs."""

import hashlib
from pathlib import Path

from msgspec import Struct

from api._lib.schema_version import MIGRATION_NAME
from tasks.db.statements import Statement, split

NO_TRANSACTION = "-- migrate: no-transaction"


class RefusedError(Exception):
    """Nothing was run, because files or records are not as they must be."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Migration(Struct, frozen=True):
    """One file; `checksum` is the SHA-256 of its text with line ends normalised to LF."""

    name: str
    sql: str
    checksum: str
    statements: tuple[Statement, ...]

    @property
    def number(self) -> int:
        """The number its name starts with."""
        return int(self.name[:4])

    @property
    def in_transaction(self) -> bool:
        """Whether it runs in a transaction; a first line can say that it must not."""
        return self.sql.partition("\n")[0].rstrip() != NO_TRANSACTION


def read_folder(folder: Path) -> list[Migration]:
    """All migrations by number; raises `RefusedError` with everything that is wrong with them."""
    if not folder.is_dir():
        raise RefusedError([f"{folder} is not a folder"])
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".sql")
    problems = _name_problems([path.name for path in paths])
    if problems:
        raise RefusedError(problems)
    migrations = [_read(path) for path in paths]
    problems = [problem for migration in migrations for problem in _content_problems(migration)]
    if problems:
        raise RefusedError(problems)
    return migrations


def _name_problems(names: list[str]) -> list[str]:
    unfit = [name for name in names if not MIGRATION_NAME.fullmatch(name)]
    if unfit:
        return [f"{name}: the name must look like 0001_lower_case_name.sql" for name in unfit]
    numbers = [int(name[:4]) for name in names]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    gaps = sorted(set(range(1, max(numbers, default=0))) - set(numbers))
    return [f"number {number:04} is used twice" for number in twice] + [
        f"number {number:04} is missing" for number in gaps
    ]


def _read(path: Path) -> Migration:
    try:
        text = path.read_text("utf-8")  # reading as text turns every line end into LF
    except UnicodeDecodeError:
        raise RefusedError([f"{path.name}: is not UTF-8"]) from None
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return Migration(path.name, text, checksum, tuple(split(text)))


def _content_problems(migration: Migration) -> list[str]:
    problems = [
        f"{migration.name}: {statement.words[0]} would break the transaction of the file"
        for statement in migration.statements
        if statement.controls_transaction
    ]
    if not migration.in_transaction and len(migration.statements) != 1:
        problems.append(f"{migration.name}: without a transaction there must be one statement")
    return problems
