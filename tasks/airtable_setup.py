"""Checks the Airtable base against what the server reads and writes, and adds what it may.

The one thing added is the text field `App ID` in the nine tables the server writes to: without it
no record can be created there. The token needs the scope schema.bases:read to look, and
schema.bases:write to add.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.table import Table

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.airtable.errors import AirtableError, ConfigurationError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.inspection import APP_ID_FIELD, Finding, inspect
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import TABLES
from api._lib.cache import Cache
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings, SettingsError
from api._lib.sync.schemas import SchemaBook
from tasks.command_line import EXIT_CONFIGURATION, Parser, airtable_settings, console, finish

EXIT_INCOMPLETE = 1
EXIT_UNREACHABLE = 2
EPILOG = """\
exit codes: 0 the base is complete, 1 something is missing, 2 Airtable cannot be asked,
4 wrong configuration or arguments"""


class Options(Struct, frozen=True):
    """What an operator asks."""

    check: bool
    as_json: bool


class Report:
    """What was found, added, and is still missing."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._out = console(sys.stdout)
        self._err = console(sys.stderr)
        self.added: list[Finding] = []
        self.missing: list[Finding] = []

    def note(self, text: str) -> None:
        """Tell something on the way."""
        self._err.print(text, highlight=False)

    def print(self) -> None:
        """Print the result."""
        if self._as_json:
            self._print_json()
            return
        for finding in self.added:
            self._out.print(f"added App ID to {finding.title}", highlight=False)
        if not self.missing:
            self._out.print("The base is complete.")
            return
        table = Table("table", "trouble", "which", box=None, pad_edge=False)
        for finding in self.missing:
            table.add_row(finding.title, finding.trouble.value, finding.name)
        self._out.print(table)

    def _print_json(self) -> None:
        body = {
            "complete": not self.missing,
            "added": [finding.table for finding in self.added],
            "missing": [
                {"table": f.table, "trouble": f.trouble.name.lower(), "name": f.name or None}
                for f in self.missing
            ],
        }
        print(json.dumps(body))


async def set_up(gateway: Gateway, settings: Settings, options: Options, report: Report) -> None:
    """Look, add fields, and look again; raises AirtableError when the base cannot be seen."""
    found = await _look(gateway, settings)
    addable = [finding for finding in found if finding.can_be_mended]
    if addable and not options.check:
        report.added = await _add(gateway, addable, report)
        found = await _look(gateway, settings)
    report.missing = found


async def _look(gateway: Gateway, settings: Settings) -> list[Finding]:
    return inspect(await gateway.schema(Lane.OUTBOX), settings.airtable_tables)


async def _add(gateway: Gateway, findings: Sequence[Finding], report: Report) -> list[Finding]:
    added: list[Finding] = []
    for finding in findings:
        try:
            await gateway.create_field(TABLES[finding.table], APP_ID_FIELD, Lane.OUTBOX)
        except ConfigurationError:
            report.note("The token may not add fields (scope schema.bases:write).")
            return added
        added.append(finding)
    return added


def parse(arguments: Sequence[str]) -> Options:
    """Options from the command line; ends the program with status 4 when they make no sense."""
    parser = Parser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="look, but add nothing")
    parser.add_argument("--json", dest="as_json", action="store_true", help="for machines")
    given = parser.parse_args(arguments)
    return Options(given.check, given.as_json)


async def run(settings: Settings, options: Options) -> int:
    """Do the work, and let the workers know what was found."""
    cache, db = Cache.connect(settings.redis_url), await Database.connect(settings, "mfa-task")
    gateway, report = Gateway(settings, cache, db), Report(options.as_json)
    try:
        await set_up(gateway, settings, options, report)
        await SchemaBook(db, gateway).check()
    except AirtableError as error:
        report.note(f"Airtable cannot be asked: {error}")
        return EXIT_UNREACHABLE
    except DatabaseUnavailableError as error:
        report.note(f"The database cannot be reached ({error}); workers look again by night.")
    finally:
        await gateway.close()
        await cache.close()
        await db.close()
    report.print()
    return EXIT_INCOMPLETE if report.missing else 0


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask."""
    options = parse(arguments)
    try:
        settings = airtable_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    return finish(run(settings, options), EXIT_UNREACHABLE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
