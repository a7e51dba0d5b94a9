"""Makes, lists and restores backups of the database; `--help` tells how.

Needs nothing but Python, so it runs on a server without the packages.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tasks.db.backups import BackupError, create, found_in, restore
from tasks.db.postgres_programs import ProgramError, find_programs

FOLDER = Path("/mnt/data/mfa-backups")
EPILOG = """\
pg_dump, pg_restore and psql are taken from the PATH when DATABASE_URL (or DATABASE_URL_FILE, or
DATABASE_DIRECT_URL past a pooler) is set, else from the running postgres container of the stack.
exit codes: 0 done, 1 failed or refused, 2 wrong arguments"""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask; 0 when it is done."""
    given = _parse(arguments)
    try:
        return _run(given)
    except (BackupError, ProgramError, OSError) as error:
        print(f"backup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("backup: interrupted", file=sys.stderr)
        return 130


def _run(given: argparse.Namespace) -> int:
    if given.command == "list":
        return _list(given.folder)
    programs = find_programs(os.environ, given.container, given.service)
    if given.command == "create":
        path = create(programs, given.folder, given.keep)
        print(f"{path} {_size(path.stat().st_size)}")
        return 0
    path = given.file if given.file.exists() else given.folder / given.file
    restore(programs, path, force=given.force)
    print(f"restored {path.name}")
    return 0


def _list(folder: Path) -> int:
    backups = found_in(folder)
    for backup in backups:
        state = "intact" if backup.is_intact else "DAMAGED"
        print(f"{backup.path.name}  {_size(backup.size):>10}  {state}")
    if not backups:
        print(f"no backups in {folder}")
    return 0 if all(backup.is_intact for backup in backups) else 1


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MB" if count >= 1024 * 1024 else f"{count / 1024:.1f} kB"


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="backup.py",
        description="Makes, lists and restores backups of the database.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="create|list|restore")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--folder", type=Path, default=FOLDER, help=f"default {FOLDER}")
    access = argparse.ArgumentParser(add_help=False)
    access.add_argument("--container", help="use the programs of this container")
    access.add_argument("--service", default="mfa_postgres", help="default mfa_postgres")
    make = commands.add_parser("create", parents=[shared, access], help="write a backup")
    make.add_argument("--keep", type=_count, default=14, help="how many remain (default 14)")
    commands.add_parser("list", parents=[shared], help="show the backups, the newest first")
    fill = commands.add_parser("restore", parents=[shared, access], help="fill the database")
    fill.add_argument("file", type=Path, help="a path, or a name in the folder")
    fill.add_argument("--force", action="store_true", help="replace what is in the database")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
