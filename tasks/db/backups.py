"""Backups of the database: one file each in Postgres' custom format, its checksum beside it."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tasks.db.postgres_programs import ProgramError, Programs, words

NAME = re.compile(r"mfa-\d{8}T\d{6}Z\.dump")
COUNT_OBJECTS = """
    SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'"""
# As a new database has it.
EMPTY = b"""
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
"""


class BackupError(Exception):
    """A backup cannot be made or restored; the text says why."""


class Backup(NamedTuple):
    """A backup in the folder."""

    path: Path
    size: int
    is_intact: bool


def create(programs: Programs, folder: Path, keep: int) -> Path:
    """Write a backup and remove all but the newest `keep`; what fails leaves no file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"mfa-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    with _new_file(path) as new:
        with new.open("wb") as target:
            programs.run(programs.connected("pg_dump", "--format=custom"), target=target)
            os.fsync(target.fileno())
        with new.open("rb") as source:
            programs.run(programs.offline("pg_restore", "--list"), source=source)
        checksum_path(path).write_text(f"{checksum(new)}  {path.name}\n")
    for old in sorted(_backups(folder))[:-keep]:
        old.unlink()
        checksum_path(old).unlink(missing_ok=True)
    return path


def found_in(folder: Path) -> list[Backup]:
    """The backups of a folder, the newest first."""
    paths = sorted(_backups(folder), reverse=True)
    return [Backup(path, path.stat().st_size, is_intact(path)) for path in paths]


def restore(programs: Programs, path: Path, *, force: bool) -> None:
    """Fill an empty database, or with `force` replace what is in it, in one transaction."""
    if not path.is_file():
        raise BackupError(f"there is no file {path}")
    if not is_intact(path):
        raise BackupError(f"{path.name} does not match its checksum in {checksum_path(path).name}")
    is_empty = programs.ask(COUNT_OBJECTS) == "0"
    if not is_empty and not force:
        raise BackupError("the database is not empty; --force replaces everything in it")
    _fill(programs, path, b"" if is_empty else EMPTY)


def is_intact(path: Path) -> bool:
    """Whether a backup is what was written."""
    try:
        noted = checksum_path(path).read_text().split()[:1]
    except OSError:
        return False
    return noted == [checksum(path)]


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum_path(path: Path) -> Path:
    """The file beside a backup, as `sha256sum --check` reads it."""
    return path.with_name(f"{path.name}.sha256")


def _fill(programs: Programs, path: Path, first: bytes) -> None:
    """As text through psql, so that a replacement and its preparation are one transaction."""
    to_text = programs.offline("pg_restore", "--no-owner", "--no-privileges", "--file=-")
    load = subprocess.Popen(
        programs.connected("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--file=-"),
        env=programs.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    problem, last = "", b"COMMIT;\n"
    try:
        _write(load, b"BEGIN;\n" + first)
        with path.open("rb") as source:
            programs.run(to_text, source=source, target=load.stdin or subprocess.DEVNULL)
    except (ProgramError, BrokenPipeError) as error:
        # An end without COMMIT undoes everything.
        problem, last = str(error), b""
    _, said = load.communicate(last)
    if problem or load.returncode:
        raise ProgramError(f"nothing was restored: {words(said) if said else problem}")


def _write(program: "subprocess.Popen[bytes]", text: bytes) -> None:
    if program.stdin is not None:
        program.stdin.write(text)
        program.stdin.flush()


def _backups(folder: Path) -> list[Path]:
    return [p for p in folder.iterdir() if NAME.fullmatch(p.name)] if folder.is_dir() else []


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """A file that gets its name when it is whole, readable by its owner only."""
    new = path.with_name(f"{path.name}.part")
    try:
        new.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise BackupError(f"another run is writing {path.name}") from None
    try:
        yield new
        new.rename(path)
    except BaseException:
        new.unlink(missing_ok=True)
        checksum_path(path).unlink(missing_ok=True)
        raise
