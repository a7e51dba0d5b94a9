"""Takes somebody's password away, ends their sessions and lets them choose a new one.

The next login of that person starts with a code by mail. Their login links keep working.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.accounts import service as accounts
from api._lib.clock import SystemClock
from api._lib.db import Database
from api._lib.settings import Role, Settings, SettingsError
from api._lib.settings_loader import load_settings
from tasks.command_line import EXIT_CONFIGURATION, Parser, finish

EXIT_FAILED = 1
EXIT_NOBODY = 3
EPILOG = """\
exit codes: 0 done, 1 the database cannot be reached, 3 there is no such person, 4 wrong
configuration or arguments."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Reset one password; the exit code."""
    parser = Parser(description=__doc__, epilog=EPILOG)
    parser.add_argument("who", help="e-mail address or record id of the person")
    who = parser.parse_args(arguments).who
    try:
        settings = load_settings(os.environ, Role.TASK)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    return finish(reset(settings, who), EXIT_FAILED)


async def reset(settings: Settings, who: str) -> int:
    """Reset the password of one person and say what was done."""
    db = await Database.connect(settings, "mfa-task")
    try:
        account = await accounts.reset_password(db, who, SystemClock().now())
    finally:
        await db.close()
    if account is None:
        print(f"Nobody has the address or id {who}.", file=sys.stderr)
        return EXIT_NOBODY
    print(f"{account.email} ({account.id}) has no password and no session any more.")
    if not account.active:
        print(f"The account is {account.status}: it stays shut until Airtable opens it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
