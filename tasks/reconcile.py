"""Compares Postgres with Airtable, record by record, and brings them together where asked.

Without --repair and --adopt nothing is changed but the list of results. Repairs are queued for
the workers: what people made here wins in Airtable, what coaches keep there wins here.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.airtable.errors import AirtableError
from api._lib.context import Context, open_resources
from api._lib.settings import Settings, SettingsError
from api._lib.sync.locks import exclusive
from api._lib.sync.reconcile.model import Comparison, Kind, Report, Scope
from api._lib.sync.reconcile.run import KINDS, MOST_REPAIRS, Reconciliation, Wish
from tasks.command_line import (
    EXIT_CONFIGURATION,
    Parser,
    airtable_settings,
    console,
    finish,
    moment,
    number,
)

EXIT_UNCOMPARED = 2
EXIT_RUNNING = 3
EPILOG = f"""\
kinds: {", ".join(KINDS)}
exit codes: 0 no difference, 1 differences, 2 a kind could not be compared, 3 another comparison
is running, 4 wrong configuration or arguments"""


class Options(Struct, frozen=True):
    """What an operator asks."""

    wish: Wish
    as_json: bool


class Screen:
    """Shows a run while it lasts, and its result."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._out = console(sys.stdout)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console(sys.stderr),
        )
        self._left = list(options.wish.kinds)

    def __enter__(self) -> "Screen":
        self._progress.start()
        self._task = self._progress.add_task(self._next, total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def done(self, comparison: Comparison) -> None:
        """One kind was compared."""
        if comparison.entity in self._left:
            self._left.remove(comparison.entity)
        self._progress.update(self._task, description=self._next)

    def result(self, report: Report) -> None:
        """Print everything that was found."""
        if self._options.as_json:
            print(json.dumps(_builtins(report), default=str))
            return
        self._out.print(_table(report))
        for comparison in report.comparisons:
            self._differences(comparison)
        wish = self._options.wish
        if wish.repair:
            text = f"{report.repaired} repaired, {report.left} left for another run"
            self._out.print(text, highlight=False)
        if wish.adopt:
            self._out.print(f"{report.adopted} adopted", highlight=False)

    def _differences(self, comparison: Comparison) -> None:
        for reason in (comparison.error, comparison.note):
            if reason:
                self._out.print(f"{comparison.entity}: {reason}", highlight=False)
        for item in comparison.shown():
            parts = (item.entity_id, item.record_id, ", ".join(item.fields))
            text = " ".join(part for part in parts if part)
            self._out.print(f"{comparison.entity} {item.kind} {text}", highlight=False)
            for name, (ours, theirs) in (item.values or {}).items():
                self._out.print(f"    {name}: {ours!r} here, {theirs!r} there", markup=False)

    @property
    def _next(self) -> str:
        return f"comparing {self._left[0]}" if self._left else "counting"


def _table(report: Report) -> Table:
    kinds = [str(kind) for kind in Kind]
    headings = [kind.replace("_", " ") for kind in kinds]
    table = Table("", "postgres", "airtable", "matched", *headings, "s", "calls", box=None)
    for item in report.comparisons:
        counts = item.counts
        figures = [counts[name] for name in ("postgres", "airtable", "matched", *kinds)]
        row = [str(figure) for figure in figures]
        table.add_row(item.entity, *row, f"{item.seconds:.1f}", str(item.calls))
    return table


def _builtins(report: Report) -> dict[str, Any]:
    return {
        "ok": report.exit_code == 0,
        "repaired": report.repaired,
        "adopted": report.adopted,
        "left": report.left,
        "entities": [
            {
                "entity": item.entity,
                "ok": item.ok,
                "counts": item.counts,
                "seconds": item.seconds,
                "calls": item.calls,
                "error": item.error,
                "note": item.note,
                "differences": [
                    {
                        "kind": difference.kind,
                        "entityId": difference.entity_id,
                        "recordId": difference.record_id,
                        "fields": list(difference.fields),
                        "values": difference.values,
                    }
                    for difference in item.shown()
                ],
            }
            for item in report.comparisons
        ],
    }


def parse(arguments: Sequence[str]) -> Options:
    """Options from the command line; ends the program with status 4 when they make no sense."""
    parser = Parser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--entity", metavar="KIND", action="append", default=[], choices=KINDS)
    add("--since", metavar="TIME", type=moment, help="only what changed since, ISO 8601")
    add("--sample", metavar="N", type=number, help="only so many linked records of each kind")
    add("--counts-only", action="store_true", help="compare how many there are, no more")
    add("--show-values", action="store_true", help="print the values that differ: personal data")
    add("--repair", action="store_true", help="let the owner's values win")
    add("--adopt", action="store_true", help="take over records made in Airtable by hand")
    add("--force", action="store_true", help=f"repair more than {MOST_REPAIRS} records")
    add("--json", dest="as_json", action="store_true", help="for machines")
    given = parser.parse_args(arguments)
    scope = Scope(given.since, given.sample, given.counts_only, given.show_values)
    most = None if given.force else MOST_REPAIRS
    wish = Wish(tuple(given.entity) or KINDS, scope, given.repair, given.adopt, most)
    return Options(wish, given.as_json)


async def reconcile(settings: Settings, options: Options) -> int:
    """Compare, repair where asked, and print the result."""
    async with (
        open_resources(settings, "mfa-task") as resources,
        exclusive(resources.db, "reconcile") as mine,
    ):
        if not mine:
            print("Another comparison is running.", file=sys.stderr)
            return EXIT_RUNNING
        with Screen(options) as screen:
            report = await Reconciliation(Context(resources), options.wish, screen.done).go()
        screen.result(report)
        return report.exit_code


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask."""
    options = parse(arguments)
    try:
        settings = airtable_settings()
        return finish(reconcile(settings, options), EXIT_UNCOMPARED)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    except AirtableError as error:
        print(f"Airtable cannot be asked: {error}", file=sys.stderr)
    return EXIT_UNCOMPARED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
