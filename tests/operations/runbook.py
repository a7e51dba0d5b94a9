"""The commands of docs/operations.md, and a machine on which they can be typed."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from tests.operations.files import ROOT
from tests.operations.tools import executable, postgres_programs, redis_client
from tests.prepared import prepared_python

PATH = ROOT / "docs" / "operations.md"
FENCE = re.compile(r"^( *)```sh ?(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{2,3} (.*)$", re.MULTILINE)
DOCKER = """#!/bin/sh
case "$1" in
    ps) for part; do case "$part" in name=*) echo "${part#name=}" ;; esac; done ;;
    exec)
        shift
        while [ "${1#-}" != "$1" ]; do shift; done
        task=$1
        shift
        unset APP SOURCE BACKUPS
        . "FOLDER/$task.env"
        exec "$@" ;;
    secret) cat FOLDER/secrets.txt ;;
    stack) echo "in $PWD: $MFA_IMAGE $MFA_DOMAIN $*" ;;
    *) echo "docker $1 is not for this machine" >&2; exit 1 ;;
esac
"""


class Block(Struct, frozen=True):
    """Commands that stand together."""

    section: str
    kind: str
    """Nothing for commands to run, `outside` for those of Docker and the proxy, `helpers`."""
    text: str


def blocks() -> list[Block]:
    """All blocks in the order of the document."""
    document = PATH.read_text()
    headings = [(match.start(), match[1]) for match in HEADING.finditer(document)]
    return [
        Block(
            [name for start, name in headings if start < match.start()][-1],
            match[2],
            "".join(line[len(match[1]) :] for line in match[3].splitlines(keepends=True)),
        )
        for match in FENCE.finditer(document)
    ]


class Machine:
    """A shell whose `docker` runs commands in the environment of the task they are meant for."""

    def __init__(self, folder: Path, app_url: str, backups: Path) -> None:
        self._folder = folder
        self._environ = {
            "PATH": f"{folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "APP": app_url,
            "SOURCE": str(ROOT),
            "BACKUPS": str(backups),
        }
        executable(folder / "bin" / "docker", DOCKER.replace("FOLDER", str(folder)))
        self._helpers = next(block.text for block in blocks() if block.kind == "helpers")

    def add_task(self, name: str, environ: Mapping[str, str]) -> None:
        """A running task of a service."""
        lines = [f"export {key}={shlex.quote(value)}" for key, value in environ.items()]
        path = f"{Path(prepared_python()).parent}:/usr/bin:/bin"
        lines = [f"export PATH={path}", f"cd {ROOT}", *lines]
        (self._folder / f"mfa_{name}.env").write_text("\n".join(lines) + "\n")

    def add_databases(self, database_url: str, redis_url: str) -> None:
        """Tasks of Postgres and Redis; inside them their programs need no password."""
        postgres, redis = urlsplit(database_url), urlsplit(redis_url)
        self.add_task(
            "postgres",
            {
                "PATH": f"{postgres_programs()}:/usr/bin:/bin",
                "POSTGRES_USER": postgres.username or "",
                "POSTGRES_DB": postgres.path.lstrip("/"),
                "PGHOST": postgres.hostname or "",
                "PGPORT": str(postgres.port),
                "PGPASSWORD": postgres.password or "",
            },
        )
        command = f'exec {redis_client()} -h {redis.hostname} -p {redis.port} "$@"'
        executable(self._folder / "redis" / "redis-cli", f"#!/bin/sh\n{command}\n")
        self.add_task(
            "redis",
            {"PATH": f"{self._folder}/redis:/bin", "REDISCLI_AUTH": redis.password or ""},
        )

    def add_secrets(self, names: list[str]) -> None:
        """Secrets the swarm has."""
        (self._folder / "secrets.txt").write_text("\n".join(names) + "\n")

    def type(self, text: str) -> str:
        """Run commands one after the other, the first that fails ends them; what they print."""
        done = subprocess.run(
            ["sh", "-e", "-c", f"{self._helpers}\n{text}"],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{text}\n--- status {done.returncode}\n{done.stdout}"
        return done.stdout
