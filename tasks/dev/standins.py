"""The stand-ins for outside services, and the settings that make the server use them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tasks.dev.child import Child
from tasks.dev.environment import BASE_ID, ROOT, is_set
from tasks.dev.openai.server import KEY
from tasks.dev.ports import Ports
from tasks.dev.services import HOST

DEMO = "tasks.dev.demo"
Log = Callable[[str], None]


@dataclass(frozen=True)
class StandIn:
    """A server that plays an outside service, and what the real server must be told about it."""

    child: Child
    url: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Maker:
    """Makes the stand-ins that are needed, because the caller named no real service."""

    environ: Mapping[str, str]
    folder: Path
    ports: Ports
    log_of: Callable[[str], Log]

    def all(self, token: str, demo: bool) -> dict[str, StandIn]:
        """The stand-ins by name."""
        made = {"push": self._make("push")}
        if not is_set(self.environ, "AIRTABLE_ENDPOINT_URL", "AIRTABLE_ACCESS_TOKEN"):
            made["airtable"] = self._airtable(token, demo)
        if not is_set(self.environ, "OPENAI_BASE_URL", "OPENAI_API_KEY"):
            made["openai"] = self._openai()
        if not is_set(self.environ, "SMTP_SERVER"):
            made["mailbox"] = self._mailbox()
        return made

    def _airtable(self, token: str, demo: bool) -> StandIn:
        base_id = self.environ.get("AIRTABLE_BASE_ID") or BASE_ID
        # One word, because a token made at random may begin like an option.
        place = ["--data", str(self.folder / "airtable.db"), f"--token={token}"]
        place += ["--base-id", base_id]
        content = ["--content", DEMO] if demo else []
        made = self._make("airtable", *place, *content)
        return StandIn(made.child, made.url, {"AIRTABLE_ENDPOINT_URL": made.url})

    def _openai(self) -> StandIn:
        made = self._make("openai")
        settings = {"OPENAI_BASE_URL": f"{made.url}/v1", "OPENAI_API_KEY": KEY}
        return StandIn(made.child, made.url, settings)

    def _mailbox(self) -> StandIn:
        port = str(self.ports.choose("smtp"))
        made = self._make("mailbox", "--smtp-port", port)
        settings = {"SMTP_SERVER": HOST, "SMTP_PORT": port, "SMTP_FROM": "app@example.test"}
        return StandIn(made.child, made.url, settings)

    def _make(self, name: str, *arguments: str) -> StandIn:
        port = self.ports.choose(name)
        program = python("-m", f"tasks.dev.{name}", "--port", str(port), *arguments)
        child = Child(name, program, folder=ROOT, log=self.log_of(name))
        return StandIn(child, f"http://{HOST}:{port}")


def python(*arguments: str) -> Sequence[str]:
    """A command of this project, run by the same Python as we are."""
    return [sys.executable, *arguments]
