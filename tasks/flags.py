"""Shows which store serves what, and tells before a switch whether it would lose a write.

Nothing is changed: flags are settings, and change with the next deployment of app and worker.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.table import Table

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.backend import CONTENT_FLAGS, combination_faults, governed_by
from api._lib.cache import Cache
from api._lib.context import Context, open_resources
from api._lib.settings import BACKEND_FLAGS, Backend, Role, Settings, SettingsError
from api._lib.settings_loader import load_settings
from api._lib.sync.locks import exclusive
from api._lib.sync.preflight import Finding, Wanted, is_compared, preflight
from api._lib.sync.status import STATUS_KEY
from tasks.command_line import EXIT_CONFIGURATION, Parser, console, finish, require_airtable

EXIT_REFUSED = 1
EXIT_UNKNOWN = 2
EXIT_RUNNING = 3
MODES = ", ".join(mode.value for mode in Backend)
EPILOG = f"""\
flags: {", ".join(BACKEND_FLAGS)}
modes: {MODES}
exit codes: 0 may be switched (show: all is well), 1 something is missing, 2 something could not be
looked at, 3 a comparison is running, 4 wrong configuration or arguments"""


class Options(Struct, frozen=True):
    """What an operator asks; without flags to switch, to see how they stand."""

    wanted: Wanted | None = None


def parse(arguments: Sequence[str]) -> Options:
    """Options from the command line; ends the program with status 4 when they make no sense."""
    parser = Parser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("show", help="every flag, here and in the workers")
    asking = actions.add_parser("preflight", help="whether flags may be switched, together")
    asking.add_argument("changes", metavar="FLAG=MODE", type=_change, nargs="+")
    asking.add_argument(
        "--despite-dead-letters",
        action="store_true",
        help="towards Airtable: accept dead letters, which you then discard",
    )
    given = parser.parse_args(arguments)
    if given.action == "show":
        return Options()
    return Options(Wanted(dict(given.changes), given.despite_dead_letters))


def _change(text: str) -> tuple[str, Backend]:
    flag, _, mode = text.partition("=")
    flag = flag.strip().upper().removeprefix("DATA_BACKEND_")
    if flag not in BACKEND_FLAGS:
        raise argparse.ArgumentTypeError(f"there is no flag {flag}")
    try:
        return flag, Backend(mode.strip().lower())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{mode!r} is none of {MODES}") from None


async def show(settings: Settings) -> int:
    """Print every flag; the exit code tells whether the processes agree on a set that works."""
    cache = Cache.connect(settings.redis_url)
    try:
        status = msgspec.json.decode(await cache.get(STATUS_KEY) or b"{}")
    finally:
        await cache.close()
    workers: dict[str, Any] = status.get("flags", {})
    table = Table(box=None, pad_edge=False)
    for heading in ("flag", "here", "workers"):
        table.add_column(heading, no_wrap=True)
    table.add_column("serves")
    for flag in BACKEND_FLAGS:
        mode = settings.backends[flag].value
        table.add_row(flag, mode, workers.get(flag, "-"), ", ".join(_served_by(flag)))
    console(sys.stdout).print(table)
    faults = combination_faults(settings, settings.backends)
    faults += [text for text in settings.warnings if text.startswith("DATA_BACKEND_")]
    faults += [
        f"the workers have another DATA_BACKEND_{flag}"
        for flag, mode in sorted(workers.items())
        if mode != settings.backends[flag].value
    ]
    for fault in faults:
        print(fault)
    return EXIT_REFUSED if faults else 0


def _served_by(flag: str) -> Sequence[str]:
    return CONTENT_FLAGS.get(flag) or [*map(str, governed_by(flag))] or ["rewards"]


async def check(settings: Settings, wanted: Wanted) -> int:
    """Look at everything a switch needs and print it."""
    before = settings.backends
    compares = any(is_compared(before[flag], mode) for flag, mode in wanted.modes.items())
    if compares:
        require_airtable(settings)
    async with (
        open_resources(settings, "mfa-task") as resources,
        exclusive(resources.db, "reconcile") as mine,
    ):
        if not mine:
            print("A comparison is running; try again when it is done.", file=sys.stderr)
            return EXIT_RUNNING
        found = await preflight(Context(resources), wanted)
    for flag, mode in wanted.modes.items():
        print(f"{flag}: {before[flag].value} -> {mode.value}")
    return verdict(found)


def verdict(found: Sequence[Finding]) -> int:
    """Print what was found; the exit code."""
    for finding in found:
        mark = "ok     " if finding.is_ok else "MISSING"
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        print(f"{mark} {finding.flag + ': ' if finding.flag else ''}{finding.text}{remedy}")
    if all(finding.is_ok for finding in found):
        print("May be switched: change the setting for app and worker, and deploy.")
        return 0
    print("Must not be switched yet.")
    return EXIT_UNKNOWN if any(finding.is_unknown for finding in found) else EXIT_REFUSED


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask."""
    options = parse(arguments)
    try:
        settings = load_settings(os.environ, Role.TASK)
        work = show(settings) if options.wanted is None else check(settings, options.wanted)
        return finish(work, EXIT_UNKNOWN)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
