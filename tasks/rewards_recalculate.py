"""Recounts the rewards of everybody: scores, level, streak, badges and bonuses.

Safe to repeat and to interrupt: every person is one transaction, and a person whose numbers are
right is left alone.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.clock import SystemClock
from api._lib.db import Database
from api._lib.outbox import is_busy
from api._lib.rewards import service as rewards
from api._lib.settings import Role, Settings, SettingsError
from api._lib.settings_loader import load_settings
from tasks.command_line import EXIT_CONFIGURATION, EXIT_INTERRUPTED, Parser, console, finish

EXIT_FAILED = 1
EXIT_RUNNING = 3
PAUSE_SECONDS = 5.0
EPILOG = """\
exit codes: 0 done, 1 some people failed or the database cannot be reached, 3 another
recalculation is running, 4 wrong configuration or arguments, 130 interrupted. While more than
10,000 changes wait for Airtable, the work pauses."""


class Options(Struct, frozen=True):
    """What an operator asks."""

    dry_run: bool
    user_id: str | None
    after: str


class Run:
    """One recalculation: where it is, and what came of it."""

    def __init__(self, db: Database, settings: Settings, options: Options) -> None:
        self.updated = self.unchanged = self.failed = 0
        self.last = options.after
        self._db = db
        self._zone = settings.notification_default_timezone
        self._options = options
        self._now = SystemClock().now()
        self._out = console(sys.stdout)
        self._err = console(sys.stderr)

    async def go(self) -> int:
        """Recalculate whoever was asked for; the exit code."""
        async with rewards.alone(self._db) as first:
            if not first:
                self._err.print("Another recalculation is running.")
                return EXIT_RUNNING
            await self._everybody()
        if self._options.user_id is not None and not self.last:
            self._err.print(f"There is no user {self._options.user_id}.")
            return EXIT_FAILED
        return EXIT_FAILED if self.failed else 0

    def report(self) -> None:
        """Print the counts."""
        verb = "would be updated" if self._options.dry_run else "updated"
        counts = f"{self.updated} {verb}, {self.unchanged} unchanged, {self.failed} failed"
        self._out.print(counts, highlight=False)

    async def _everybody(self) -> None:
        one = self._options.user_id is not None
        total = 1 if one else await rewards.count_people(self._db, self.last)
        with Progress(
            TextColumn("Recalculating"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._err,
        ) as bar:
            step = bar.add_task("", total=total)
            async with aclosing(self._people()) as people:
                async for person in people:
                    await self._one(person)
                    bar.advance(step)

    async def _people(self) -> AsyncGenerator[rewards.Person, None]:
        arguments = (self._db, self._now, self._zone)
        if self._options.user_id is not None:
            person = await rewards.person(*arguments, self._options.user_id)
            if person is not None:
                yield person
            return
        async for person in rewards.people(*arguments, self.last):
            yield person

    async def _one(self, person: rewards.Person) -> None:
        while not self._options.dry_run and await is_busy(self._db):  # noqa: ASYNC110 - the queue drains elsewhere
            await asyncio.sleep(PAUSE_SECONDS)
        try:
            await self._recalculate(person, self._now)
        except Exception as error:
            self.failed += 1
            self._err.print(f"{person.id} failed: {type(error).__name__}", highlight=False)
        self.last = person.id

    async def _recalculate(self, person: rewards.Person, now: datetime) -> None:
        dry_run = self._options.dry_run
        if await rewards.recalculate(self._db, person, now, dry_run=dry_run):
            self.updated += 1
            if dry_run:
                self._out.print(f"{person.id} would change", highlight=False)
        else:
            self.unchanged += 1


def parse(arguments: Sequence[str]) -> Options:
    """Options from the command line; ends the program with status 4 when they make no sense."""
    parser = Parser(
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="tell who would change, no more")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--user-id", metavar="ID", help="one person, whatever their status")
    who.add_argument("--after", metavar="ID", default="", help="go on after this person")
    given = parser.parse_args(arguments)
    return Options(given.dry_run, given.user_id, given.after)


async def recalculate(settings: Settings, options: Options) -> int:
    """Open the database and do the work; an interruption tells where to go on."""
    db = await Database.connect(settings, "mfa-task")
    run = Run(db, settings, options)
    try:
        return await run.go()
    except asyncio.CancelledError:
        print(f"Interrupted; go on with --after {run.last}", file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        run.report()
        await db.close()


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask."""
    options = parse(arguments)
    try:
        settings = load_settings(os.environ, Role.TASK)
        return finish(recalculate(settings, options), EXIT_FAILED)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
