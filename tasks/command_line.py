"""What the operators' tasks share: how arguments are read, answers printed, settings demanded."""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, NoReturn, TextIO

import asyncpg
from rich.console import Console

from api._lib.db import DatabaseUnavailableError
from api._lib.settings import Role, Settings, SettingsError
from api._lib.settings_loader import load_settings

EXIT_CONFIGURATION = 4
EXIT_INTERRUPTED = 130
LARGEST_NUMBER = 2**63 - 1
"""What Postgres takes."""
WIDE = 300
"""Columns where no terminal tells its own, as in `docker exec -i`: no table is cut to fit 80."""


class Parser(argparse.ArgumentParser):
    """Ends the program with status 4 for arguments that make no sense."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the reason."""
        self.print_usage(sys.stderr)
        self.exit(EXIT_CONFIGURATION, f"{self.prog}: {message}\n")


def finish(work: Coroutine[Any, Any, int], unreachable: int) -> int:
    """Do the work of a task; its exit status, also without a database and after Ctrl-C."""
    try:
        return asyncio.run(work)
    except DatabaseUnavailableError as error:
        print(f"The database of DATABASE_URL cannot be reached ({error}).", file=sys.stderr)
        return unreachable
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        print(
            "The database is not migrated: run python tasks/db_migrate.py first.", file=sys.stderr
        )
        return unreachable
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return EXIT_INTERRUPTED


def number(text: str) -> int:
    """A whole number from 1; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_NUMBER):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def moment(text: str) -> datetime:
    """A day or moment in ISO 8601, in UTC unless it names a zone; raises ArgumentTypeError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day or moment in ISO 8601") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def console(stream: TextIO) -> Console:
    """What prints tables and bars on a stream."""
    told = stream.isatty() or "COLUMNS" in os.environ
    return Console(file=stream, width=None if told else WIDE)


def airtable_settings() -> Settings:
    """The settings of a task that asks Airtable; raises SettingsError without its credentials."""
    settings = load_settings(os.environ, Role.TASK)
    require_airtable(settings)
    return settings


def require_airtable(settings: Settings) -> None:
    """Raises SettingsError when Airtable cannot be asked."""
    if not (settings.airtable_access_token and settings.airtable_base_id):
        raise SettingsError("Cannot start: AIRTABLE_ACCESS_TOKEN and AIRTABLE_BASE_ID are needed.")
