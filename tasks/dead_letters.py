"""Lists, shows, replays and discards events that could not be delivered to Airtable."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from api._lib.airtable.entities import EntityType
from api._lib.db import Database
from api._lib.settings import Role, SettingsError
from api._lib.settings_loader import load_settings
from api._lib.sync import letters
from api._lib.sync.rules import ErrorClass
from tasks.command_line import EXIT_CONFIGURATION, Parser, console, finish, moment, number

EXIT_UNKNOWN = 1
COLUMNS = ("id", "failed at", "record", "class", "status", "tries", "replays", "settled", "reason")
EPILOG = "exit codes: 0 done, 1 no open letter or no database, 4 wrong settings or arguments"


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask; the exit code tells whether the letters were there."""
    asked = _parse(arguments)
    try:
        return finish(_run(asked), EXIT_UNKNOWN)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION


async def _run(asked: argparse.Namespace) -> int:
    db = await Database.connect(load_settings(os.environ, Role.TASK), "mfa-task")
    try:
        actions = {"list": _list, "show": _show, "replay": _replay, "discard": _discard}
        return await actions[asked.action](db, asked)
    finally:
        await db.close()


async def _list(db: Database, asked: argparse.Namespace) -> int:
    search = letters.Search(asked.entity, asked.error_class, asked.since, asked.all)
    found = await letters.find_letters(db, search, asked.limit)
    table = Table(*COLUMNS)
    for letter in found:
        table.add_row(
            str(letter.id),
            f"{letter.created_at:%Y-%m-%d %H:%M}",
            f"{letter.operation} {letter.entity_type} {letter.entity_id}",
            letter.error_class,
            str(letter.http_status or "-"),
            str(letter.attempts),
            str(letter.replay_count),
            letter.resolution or "open",
            letter.error_message,
        )
    console(sys.stdout).print(table)
    return 0


async def _show(db: Database, asked: argparse.Namespace) -> int:
    letter = await letters.show_letter(db, asked.ids[0])
    if letter is None:
        return _unknown(asked.ids)
    print(json.dumps(letter, indent=2, default=str, ensure_ascii=False))
    return 0


async def _replay(db: Database, asked: argparse.Namespace) -> int:
    if asked.ids:
        replayed = await letters.replay_letters(db, asked.ids)
    else:
        search = letters.Search(asked.entity, asked.error_class)
        replayed = await letters.replay_matching(db, search)
    print(f"{replayed} replayed")
    return 0 if replayed or not asked.ids else EXIT_UNKNOWN


async def _discard(db: Database, asked: argparse.Namespace) -> int:
    missing = [i for i in asked.ids if not await letters.discard_letter(db, i, asked.note)]
    return _unknown(missing) if missing else 0


def _unknown(ids: Sequence[int]) -> int:
    print(f"no open dead letter {', '.join(map(str, ids))}", file=sys.stderr)
    return EXIT_UNKNOWN


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(description=__doc__, epilog=EPILOG)
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="newest first, open ones unless --all")
    listing.add_argument("--since", type=moment, help="day or moment in UTC, ISO 8601")
    listing.add_argument("--limit", type=number, default=50)
    listing.add_argument("--all", action="store_true", help="settled ones too")
    replay = actions.add_parser("replay", help="send again: the ids given, else all that match")
    replay.add_argument("ids", type=number, nargs="*")
    for searching in (listing, replay):
        searching.add_argument("--entity", type=EntityType, choices=list(EntityType))
        searching.add_argument(
            "--class", dest="error_class", type=ErrorClass, choices=list(ErrorClass)
        )
    showing = actions.add_parser("show", help="everything about one letter")
    showing.add_argument("ids", type=number, nargs=1, metavar="id")
    discarding = actions.add_parser("discard", help="close for good; Airtable stays as it is")
    discarding.add_argument("ids", type=number, nargs="+", metavar="id")
    discarding.add_argument("--note", type=_reason, required=True, help="why")
    return parser.parse_args(arguments)


def _reason(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a reason is needed")
    return text.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
