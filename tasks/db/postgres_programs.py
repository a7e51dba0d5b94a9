"""Postgres' own programs: on the PATH, or inside the running container of the database."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

URLS = ("DATABASE_DIRECT_URL", "DATABASE_URL")
# Inside the container the variables of its image name the user and the database.
INSIDE = 'exec "$0" --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" "$@"'


class ProgramError(Exception):
    """A program is not there or failed; the text says why."""


class Programs(NamedTuple):
    """How to start pg_dump, pg_restore and psql for one database."""

    environ: dict[str, str]
    container: str | None

    def connected(self, program: str, *arguments: str) -> list[str]:
        """The command for a program that opens the database."""
        if self.container is None:
            return [program, *arguments]
        return [*self._inside(), "sh", "-c", INSIDE, program, *arguments]

    def offline(self, program: str, *arguments: str) -> list[str]:
        """The command for a program that only reads standard input."""
        return [*self._inside(), program, *arguments]

    def run(
        self,
        command: list[str],
        *,
        source: IO[bytes] | int = subprocess.DEVNULL,
        target: IO[bytes] | int = subprocess.DEVNULL,
    ) -> None:
        """Run to the end; raises `ProgramError` with what it said."""
        done = subprocess.run(
            command, env=self.environ, stdin=source, stdout=target, stderr=subprocess.PIPE
        )
        if done.returncode:
            raise ProgramError(f"{command_name(command)} failed: {words(done.stderr)}")

    def ask(self, sql: str) -> str:
        """What a query answers, as text."""
        command = self.connected("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql)
        done = subprocess.run(command, env=self.environ, capture_output=True)
        if done.returncode:
            raise ProgramError(f"psql failed: {words(done.stderr)}")
        return done.stdout.decode().strip()

    def _inside(self) -> list[str]:
        return [] if self.container is None else ["docker", "exec", "-i", self.container]


def find_programs(environ: Mapping[str, str], container: str | None, service: str) -> Programs:
    """The named container's, else those on the PATH, else those of the running service."""
    url = _database_url(environ)
    if container is None and url and shutil.which("pg_dump", path=environ.get("PATH")):
        return Programs(dict(environ) | _connection(url), None)
    return Programs(dict(environ), container or _running(service))


def command_name(command: list[str]) -> str:
    """The Postgres program of a command."""
    return next((part for part in command if part.startswith(("pg_", "psql"))), command[0])


def words(output: bytes) -> str:
    """The latest lines of an error output in one."""
    return " | ".join(output.decode(errors="replace").strip().splitlines()[-3:]) or "no message"


def _running(service: str) -> str:
    hint = f"pg_dump is not on the PATH (or DATABASE_URL is unset), and no container of {service}"
    if shutil.which("docker") is None:
        raise ProgramError(f"{hint} can be looked for without docker")
    command = ["docker", "ps", "--quiet", "--filter", f"name={service}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ProgramError(f"docker ps failed: {done.stderr.strip()}")
    if not done.stdout.split():
        raise ProgramError(f"{hint} runs here")
    return done.stdout.split()[0]


def _database_url(environ: Mapping[str, str]) -> str | None:
    for name in URLS:
        if value := environ.get(name, "").strip() or _from_file(environ.get(f"{name}_FILE")):
            return value
    return None


def _from_file(path: str | None) -> str | None:
    try:
        return Path(path).read_text("utf-8").strip() if path else None
    except OSError as error:
        raise ProgramError(f"{path} cannot be read: {error.strerror}") from None


def _connection(url: str) -> dict[str, str]:
    """libpq's variables, because a password among arguments would be for everyone to see."""
    parts = urlsplit(url)
    found = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username and unquote(parts.username),
        "PGPASSWORD": parts.password and unquote(parts.password),
        "PGDATABASE": unquote(parts.path.lstrip("/")) or None,
        "PGSSLMODE": dict(parse_qsl(parts.query)).get("sslmode") or os.environ.get("PGSSLMODE"),
    }
    return {name: value for name, value in found.items() if value}
