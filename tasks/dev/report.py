"""What the stack tells: a file for scripts, a text for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.dev.demo import Login
from tasks.dev.services import write_secret

FILE = "dev.json"


@dataclass(frozen=True)
class Airtable:
    """Where the tables are and how to reach them."""

    url: str
    token: str | None
    base_id: str | None


@dataclass(frozen=True)
class Facts:
    """Where everything is."""

    app: str
    database_url: str
    redis_url: str
    airtable: Airtable
    mailbox: str | None
    openai: str | None
    push: str | None
    logins: Sequence[Login]


def write(folder: Path, facts: Facts, pids: Mapping[str, int]) -> None:
    """Write `dev.json`; it holds passwords, so only its owner may read it."""
    content = _camel(asdict(facts)) | {"pids": dict(pids)}
    write_secret(folder / FILE, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def text(folder: Path, facts: Facts) -> str:
    """The same for people, and what to try first."""
    lines = [
        "",
        f"  App        {facts.app}   (start here)",
        f"  API        {facts.app}/api/docs",
        f"  Health     {facts.app}/api/health",
        f"  Airtable   {facts.airtable.url}",
        f"  Mailbox    {facts.mailbox or 'a real mail server'}",
        f"  Postgres   {facts.database_url}",
        f"  Files      {folder}, facts for scripts in {folder / FILE}",
        "",
        *(f"  {_login(login)}" for login in facts.logins),
        "",
        "  Try: open the app and press its button, or log in with curl as the README shows,",
        "  and watch the tick arrive in Airtable. Ctrl-C ends everything; the data stays.",
        "",
    ]
    return "\n".join(lines)


def _login(login: Login) -> str:
    password = login["password"] or "(none yet: ask for a login link)"
    return f"Log in as  {login['email']} / {password} ({login['role']})"


def _camel(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.split("_")[0] + "".join(part.capitalize() for part in name.split("_")[1:]): (
            _camel(value) if isinstance(value, dict) else value
        )
        for name, value in values.items()
    }
