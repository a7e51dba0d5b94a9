"""Tells which secrets are set, by name only, and how to make those that are missing.

Where Docker is, it looks at the swarm's secrets; elsewhere at the environment of this process, with
its `_FILE` variables. Needs nothing but Python, so it runs on a server without the packages.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

EXIT_MISSING = 1
EXIT_UNKNOWN = 2
RANDOM = "openssl rand -base64 48"
EMPTY = "echo"


class Secret(NamedTuple):
    """One secret of the stack."""

    variable: str
    command: str
    """What prints its value, for `docker secret create`."""
    is_required: bool = True

    @property
    def name(self) -> str:
        """Its name in the swarm."""
        return f"mfa_{self.variable.lower()}"


def _typed(example: str) -> str:
    return f"printf %s '{example}'"


SHARING = frozenset({"POSTGRES_PASSWORD", "DATABASE_URL"})
MAKE_SHARED = "PASSWORD=$(openssl rand -hex 24)"
NAME_SHARED = "PASSWORD='the one that the other secret holds'"
SHARED = """printf %s "$PASSWORD\""""
DATABASE = 'printf %s "postgresql://mfa:$PASSWORD@mfa_postgres:5432/mfa"'
SECRETS = (
    Secret("AIRTABLE_ACCESS_TOKEN", _typed("pat...")),
    Secret("AIRTABLE_BASE_ID", _typed("app...")),
    Secret("JWT_SECRET", RANDOM),
    Secret("OPENAI_API_KEY", _typed("sk-...")),
    Secret("SMTP_SERVER", _typed("smtp.example.com")),
    Secret("SMTP_PORT", EMPTY),
    Secret("SMTP_USER", EMPTY),
    Secret("SMTP_PASSWORD", EMPTY),
    Secret("SMTP_FROM", _typed("app@example.com")),
    Secret("POSTGRES_PASSWORD", SHARED),
    Secret("DATABASE_URL", DATABASE),
    Secret("AIRTABLE_USER_SYNC_SECRET", RANDOM, is_required=False),
    Secret("AIRTABLE_INBOUND_SYNC_SECRET", RANDOM, is_required=False),
    Secret("CACHE_INVALIDATION_SECRET", RANDOM, is_required=False),
    Secret("WEB_PUSH_VAPID_PUBLIC_KEY", _typed("the public key"), is_required=False),
    Secret("WEB_PUSH_VAPID_PRIVATE_KEY", _typed("the private key"), is_required=False),
    Secret("METRICS_TOKEN", RANDOM, is_required=False),
)
MAY_BE_EMPTY = frozenset({"SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_FROM"})
SENDERS = ("SMTP_FROM", "SMTP_USER")
NOTES = """
SMTP_PORT, SMTP_USER and SMTP_PASSWORD may hold just a line end (= not set), and so may SMTP_FROM
where SMTP_USER is an address to send from. DATABASE_URL holds the password of POSTGRES_PASSWORD:
type all these lines in one shell.
`python tasks/push_keys.py` makes the pair of VAPID keys."""


class UnknownError(Exception):
    """It cannot be found out which secrets there are."""


def main(arguments: Sequence[str]) -> int:
    """List the secrets; 0 = all required ones are set, 1 = some are missing, 2 = cannot tell."""
    parser = argparse.ArgumentParser(
        prog="secrets_check.py",
        description="Tells which secrets are set, and how to make those that are missing.",
        epilog="exit codes: 0 all required ones are set, 1 some are missing, 2 cannot tell",
    )
    parser.add_argument(
        "--environment", action="store_true", help="look at this process, not at the swarm"
    )
    given = parser.parse_args(arguments)
    in_swarm = not given.environment and shutil.which("docker") is not None
    try:
        present = secrets_of_swarm() if in_swarm else secrets_of(os.environ)
    except UnknownError as error:
        print(error, file=sys.stderr)
        return EXIT_UNKNOWN
    return _report(present, with_commands=in_swarm)


def secrets_of_swarm() -> frozenset[str]:
    """Variables whose secret exists; raises `UnknownError` where Docker does not tell."""
    command = ["docker", "secret", "ls", "--format", "{{.Name}}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UnknownError(f"docker secret ls failed: {done.stderr.strip()}")
    names = set(done.stdout.split())
    return frozenset(secret.variable for secret in SECRETS if secret.name in names)


def secrets_of(environ: Mapping[str, str]) -> frozenset[str]:
    """Variables that have a value, directly or in a file."""
    variables = [secret.variable for secret in SECRETS]
    found = {name for name in variables if environ.get(name, "").strip()}
    return frozenset(found | {name for name in variables if _in_file(environ.get(f"{name}_FILE"))})


def _in_file(path: str | None) -> bool:
    try:
        return bool(path and Path(path).read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return False


def _report(present: frozenset[str], *, with_commands: bool) -> int:
    missing = [s for s in SECRETS if s.variable not in present]
    for secret in SECRETS:
        print(f"{_state(secret, present, with_commands):<9}{secret.name}")
    if with_commands and missing:
        print("\nTo make the missing ones:\n")
        if lacking := SHARING.intersection(secret.variable for secret in missing):
            # No secret can be read back, so the shell must remember it for both.
            print(MAKE_SHARED if lacking == SHARING else NAME_SHARED)
        for secret in missing:
            print(f"{secret.command} | docker secret create {secret.name} -")
        print(NOTES)
    return EXIT_MISSING if any(_is_needed(s, present, with_commands) for s in missing) else 0


def _state(secret: Secret, present: frozenset[str], in_swarm: bool) -> str:
    if secret.variable in present:
        return "set"
    return "MISSING" if _is_needed(secret, present, in_swarm) else "optional"


def _is_needed(secret: Secret, present: frozenset[str], in_swarm: bool) -> bool:
    """Swarm wants all eleven to exist; a process can do without those that may be empty."""
    if in_swarm or secret.variable not in (*MAY_BE_EMPTY, "POSTGRES_PASSWORD"):
        return secret.is_required
    return secret.variable in SENDERS and not present.intersection(SENDERS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
