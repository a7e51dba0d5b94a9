"""Fills the database with everything Airtable holds: content, people, what people did.

Safe to repeat, to interrupt and to run beside workers: records are matched by their Airtable id
and stored in batches. Until the first fill of a kind is complete, rows that were never touched
here follow Airtable; afterwards only new records are added.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.airtable.errors import AirtableError
from api._lib.context import Context, open_resources
from api._lib.db import DatabaseUnavailableError
from api._lib.notifications import service as notifications
from api._lib.settings import Settings, SettingsError
from api._lib.sync.inbound import filling
from api._lib.sync.inbound.activity import ACTIVITIES
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.inbound.filling import Step
from api._lib.sync.inbound.listing import BusyError
from api._lib.sync.inbound.outcome import Outcome
from tasks.command_line import (
    EXIT_CONFIGURATION,
    EXIT_INTERRUPTED,
    Parser,
    airtable_settings,
    console,
    finish,
)

EXIT_FAILED = 1
EXIT_RUNNING = 3
COUNTS = ("read", "inserted", "updated", "unchanged", "removed", "skipped", "failed")
KINDS = filling.kinds()
PATIENCE_SECONDS = 60.0
EPILOG = f"""\
kinds: {", ".join(KINDS)}
exit codes: 0 done, 1 something failed, 3 another process is reading the same table,
4 wrong configuration or arguments, 130 interrupted (run it again to go on)"""


class Options(Struct, frozen=True):
    """What an operator asks."""

    only: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    missing: bool = False
    dry_run: bool = False
    plan: bool = True
    patience: float = PATIENCE_SECONDS


class Reasons(logging.Handler):
    """Shows operators what the log says of single records."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """One line per record or event."""
        facts = record.__dict__
        where = facts.get("table") or facts.get("entityType") or ""
        who = facts.get("record") or facts.get("user_id") or ""
        why = ", ".join(facts.get("problems") or ()) or facts.get("reason") or ""
        parts = (str(part) for part in (where, who, why) if part)
        self._console.print(f"{record.getMessage()}: {' '.join(parts)}", highlight=False)


class Run:
    """One fill: its bars, and what came of each step."""

    def __init__(self, ctx: Context, options: Options) -> None:
        self._ctx = ctx
        self._options = options
        self._outcomes: dict[str, Outcome] = {}
        self._errors: dict[str, str] = {}
        self._out = console(sys.stdout)
        self._err = console(sys.stderr)
        logging.getLogger().addHandler(Reasons(self._err))

    async def go(self) -> int:
        """Do all steps that were asked for; the exit code."""
        steps = await self._steps()
        if self._is_whole:
            await filling.keep_polls_away(self._ctx)
        try:
            with self._bars() as bars:
                for step in steps:
                    await self._step(bars, step)
        except BusyError as error:
            self._err.print(f"{error}: another process is reading this table.")
            return EXIT_RUNNING
        if self._is_whole and not self._errors:
            await filling.note_complete(self._ctx)
        if self._options.plan and not self._options.dry_run and steps:
            await self._plan()
        return EXIT_FAILED if self._failed else 0

    def report(self) -> None:
        """Print the counts of each step, and why one could not be done."""
        if not self._outcomes and not self._errors:
            return
        table = Table("", *COUNTS, box=None, pad_edge=False)
        for name, outcome in self._outcomes.items():
            counts = outcome.counts()
            table.add_row(name, *(str(counts[count]) for count in COUNTS))
        self._out.print(table)
        warnings = {n: o.warning for n, o in self._outcomes.items() if o.warning}
        for name, reason in {**warnings, **self._errors}.items():
            self._err.print(f"{name}: {reason}", highlight=False)
        if any(warning == "removals refused" for warning in warnings.values()):
            self._err.print("If so many records are really gone, use --confirm-removals TABLE.")

    @property
    def _is_whole(self) -> bool:
        options = self._options
        return not (options.only or options.missing or options.dry_run)

    @property
    def _failed(self) -> bool:
        refused = any(o.failed or o.warning for o in self._outcomes.values())
        return refused or bool(self._errors)

    async def _steps(self) -> list[Step]:
        every = filling.steps(self._ctx, self._options.patience, self._options.confirmed)
        wanted = [
            step for step in every if not self._options.only or step.name in self._options.only
        ]
        if not self._options.missing:
            return wanted
        return [step for step in wanted if not await filling.is_filled(self._ctx, step)]

    async def _step(self, bars: Progress, step: Step) -> None:
        bar = bars.add_task(step.name, total=None)

        def progress(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total)

        try:
            if self._options.dry_run:
                outcome = await step.look()
            else:
                outcome = await filling.fill(self._ctx, step, progress)
        except (AirtableError, DatabaseUnavailableError) as error:
            self._errors[step.name] = str(error) or type(error).__name__
            bars.update(bar, visible=False)
            return
        self._outcomes[step.name] = outcome
        progress(outcome.read, outcome.read)

    async def _plan(self) -> None:
        planned = await notifications.reconcile(self._ctx)
        self._out.print(f"reminders planned for {planned.users} people", highlight=False)

    def _bars(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=self._err,
        )


def parse(arguments: Sequence[str]) -> Options:
    """Options from the command line; ends the program with status 4 when they make no sense."""
    parser = Parser(
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--only", metavar="KIND", action="append", default=[], choices=KINDS, help="this kind only")
    add("--missing", action="store_true", help="leave out kinds that were filled before")
    add("--dry-run", action="store_true", help="read, tell what would be new, store nothing")
    add("--no-plan", dest="plan", action="store_false", help="plan no reminders at the end")
    add(
        "--wait",
        metavar="SECONDS",
        type=float,
        default=PATIENCE_SECONDS,
        help="how long to wait for a worker that reads the same table (default 60)",
    )
    add(
        "--confirm-removals",
        dest="confirmed",
        metavar="TABLE",
        action="append",
        default=[],
        choices=("users", *CONTENT, *(one.entity.table.key for one in ACTIVITIES.values())),
        help="believe that so many records of this table are gone",
    )
    given = parser.parse_args(arguments)
    only = tuple(given.only) or tuple(filling.kind_of(table) for table in given.confirmed)
    return Options(
        only, tuple(given.confirmed), given.missing, given.dry_run, given.plan, given.wait
    )


async def backfill(settings: Settings, options: Options) -> int:
    """Open everything and do the work."""
    async with open_resources(settings, "mfa-task") as resources:
        run = Run(Context(resources), options)
        try:
            return await run.go()
        except asyncio.CancelledError:
            print("Interrupted; run it again to go on.", file=sys.stderr)
            return EXIT_INTERRUPTED
        finally:
            run.report()


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask."""
    options = parse(arguments)
    try:
        settings = airtable_settings()
        return finish(backfill(settings, options), EXIT_FAILED)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
