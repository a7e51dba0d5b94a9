"""PgBouncer in transaction mode between the code and Postgres, for runs that ask for it.

Where the program is not installed, the code still runs as if it were: no statement cache, every
statement in a transaction that carries its limits, session locks past the pooler. What a pooler
needs of that, tests/ground/test_db_behind_pooler.py proves one by one.
"""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from tasks.dev.child import Child
from tasks.dev.services import HOST, Postgres, free_port, taken, unprivileged_user, write_secret
from tests.scale import scaled

BOTH_WAYS = scaled(
    (
        "tests.endpoints.programs.test_never_overlapping",
        "tests.endpoints.rewards.test_parallel",
        "tests.endpoints.tracking.test_personal_goal_usage",
    ),
    soak=("tests.endpoints",),
)
"""Modules and packages whose tests run a second time behind the pooler: locks, counts, all kinds of
statements; in `make soak` every endpoint."""

SERVERS = 4
"""So few that clients take turns, and the next transaction usually meets another server."""

CONFIGURATION = """
[databases]
* = host={host} port={server}

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {servers}
server_round_robin = 1
max_client_conn = 1000
query_wait_timeout = 20
; Databases of tests are cleaned by ending every session in them.
server_check_delay = 0
server_check_query = select 1
server_login_retry = 0
log_connections = 0
log_disconnections = 0
log_stats = 0
"""


def program() -> str | None:
    """Where PgBouncer is, if it is installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Pooler:
    """A running pooler, or the settings for one where there is no program."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self._postgres = postgres
        self._child: Child | None = None
        self.port = free_port()
        if found := program():
            self._child = self._prepare(found, folder)

    def __enter__(self) -> "Pooler":
        if self._child is not None:
            self._child.start()
            self._child.wait_until(lambda: taken(self.port))
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.kill()

    def environ(self, database_url: str) -> dict[str, str]:
        """The variables that lead through the pooler, and past it where that is needed."""
        through = database_url
        if self._child is not None:
            parts = urlsplit(database_url)
            through = database_url.replace(f":{parts.port}/", f":{self.port}/")
        return {
            "DATABASE_URL": through,
            "DATABASE_DIRECT_URL": database_url,
            "PG_STATEMENT_CACHE": "false",
        }

    def _prepare(self, found: str, folder: Path) -> Child:
        users = folder / "users.txt"
        write_secret(users, f'"{self._postgres.user}" "{self._postgres.password}"\n')
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            CONFIGURATION.format(
                host=HOST,
                server=self._postgres.port,
                port=self.port,
                users=users,
                servers=SERVERS,
            )
        )
        # It refuses to run as root.
        user = unprivileged_user() if os.geteuid() == 0 else None
        if user is not None:
            os.chown(users, user.pw_uid, user.pw_gid)
        return Child("pgbouncer", [found, "-q", str(configuration)], user=user)
