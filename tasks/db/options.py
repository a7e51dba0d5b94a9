"""What an operator may ask of the migration tool."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from api._lib.schema_version import MIGRATIONS
from tasks.command_line import Parser

EPILOG = """\
exit codes: 0 done, 1 a migration failed or the database cannot be reached, 2 refused (a file was
changed, is missing, out of order or not allowed), 3 another run is active, 4 wrong configuration
or arguments, 10 migrations are pending (status --check). DATABASE_URL or DATABASE_URL_FILE names
the database; connect to Postgres itself, not through a pooler in transaction mode."""


class Options(Struct, frozen=True):
    """The arguments, checked."""

    command: str
    to: int | None
    check: bool
    execute_and_rollback: bool
    allow_out_of_order: bool
    lock_wait: float
    statement_timeout: int
    folder: Path
    as_json: bool


def parse(arguments: Sequence[str]) -> Options:
    """Options from the command line; ends the program with status 4 when they make no sense."""
    parser = _make_parser()
    given = parser.parse_args(arguments)
    command = "plan" if given.dry_run else given.command
    if given.check and command != "status":
        parser.error("--check belongs to status")
    if given.execute_and_rollback and command != "plan":
        parser.error("--execute-and-rollback belongs to plan")
    if given.to is not None and command == "status":
        parser.error("--to belongs to up and plan")
    return Options(
        command,
        given.to,
        given.check,
        given.execute_and_rollback,
        given.allow_out_of_order,
        given.lock_wait,
        given.statement_timeout,
        given.migrations,
        given.json,
    )


def _make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="db_migrate.py",
        description="Brings the database to the schema of this version.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("command", nargs="?", choices=("up", "status", "plan"), default="up")
    add("--to", type=_number, metavar="NNNN", help="stop after this number")
    add("--check", action="store_true", help="status: exit 10 when anything is pending")
    add("--dry-run", action="store_true", help="the same as plan")
    add("--execute-and-rollback", action="store_true", help="plan: run everything, keep nothing")
    add("--allow-out-of-order", action="store_true", help="apply files older than the newest one")
    add("--lock-wait", type=_seconds, default=60, metavar="SECONDS", help="default 60")
    add("--statement-timeout", type=_number, default=600, metavar="SECONDS", help="default 600")
    add("--migrations", type=Path, default=MIGRATIONS, metavar="FOLDER", help="other files")
    add("--json", action="store_true", help="one JSON document instead of lines")
    return parser


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdigit() and int(text) < 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)
