"""Tells what the runner does: line by line for people, one JSON document for machines."""

import sys

import msgspec
from msgspec import Struct, field

from tasks.db.failure import Failure
from tasks.db.state import State

PREFIX = "[db:migrate]"


class Entry(Struct, rename="camel", omit_defaults=True):
    """A file that was applied or tried, and when or how long it took."""

    file: str
    milliseconds: int | None = None
    applied_at: str | None = None


class Document(Struct, rename="camel"):
    """The answer of `--json`."""

    command: str
    exit_code: int = 0
    applied: list[Entry] = field(default_factory=list)
    rehearsed: list[Entry] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failure: Failure | None = None


class Report:
    """Collects everything; prints it at once unless the document is wanted."""

    def __init__(self, command: str, *, as_json: bool) -> None:
        self.document = Document(command)
        self._as_json = as_json

    def found(self, state: State) -> None:
        """What stands in the folder and in the database before anything runs."""
        document = self.document
        document.pending = [file.name for file in state.pending]
        document.changed, document.missing = state.changed, state.missing
        document.foreign = state.foreign
        for name in state.foreign:
            self._say(f"foreign {name}")

    def is_applied(self, state: State) -> None:
        """Applied files with their time, for `status`."""
        for row in state.applied:
            moment = f"{row.applied_at:%Y-%m-%dT%H:%M:%SZ}"
            self.document.applied.append(Entry(row.name, applied_at=moment))
            note = " changed" if row.name in state.changed else ""
            self._say(f"applied {row.name} {moment}{note}")
        for name in state.missing:
            self._say(f"missing {name}")

    def is_pending(self, names: list[str]) -> None:
        """Files that would run."""
        self.document.pending = names
        for name in names:
            self._say(f"pending {name}")

    def skips(self, name: str) -> None:
        """A file that ran before."""
        self.document.skipped.append(name)
        self._say(f"skip {name}")

    def starts(self, name: str) -> None:
        """A file is about to run."""
        self._say(f"apply {name}")

    def applied(self, name: str, milliseconds: int) -> None:
        """A file is committed."""
        self.document.applied.append(Entry(name, milliseconds))
        self.document.pending.remove(name)
        self._say(f"done {name} {milliseconds} ms")

    def rehearsed(self, name: str, milliseconds: int) -> None:
        """A file ran, and will be rolled back."""
        self.document.rehearsed.append(Entry(name, milliseconds))
        self._say(f"done {name} {milliseconds} ms, not kept")

    def cannot_rehearse(self, name: str) -> None:
        """A file that only works outside a transaction."""
        self._say(f"not tried {name}: it runs outside a transaction")

    def summary(self, text: str) -> None:
        """The last line of a run."""
        self._say(text)

    def problem(self, text: str) -> None:
        """Why nothing was run."""
        self.document.problems.append(text)
        self._complain(text)

    def failed(self, failure: Failure) -> None:
        """Which file failed, where and why."""
        self.document.failure = failure
        place = f" line {failure.line} column {failure.column}" if failure.line else ""
        self._complain(f"failed {failure.file}{place}: {failure.sqlstate or '?'} {failure.message}")
        for name in ("detail", "hint", "text"):
            if value := getattr(failure, name):
                self._complain(f"  {name}: {value.strip()}")

    def end(self, exit_code: int) -> None:
        """Print the document, if that is what was asked for."""
        self.document.exit_code = exit_code
        if self._as_json:
            print(msgspec.json.encode(self.document).decode(), flush=True)

    def _say(self, text: str) -> None:
        if not self._as_json:
            print(PREFIX, text, flush=True)

    def _complain(self, text: str) -> None:
        if not self._as_json:
            print(PREFIX, text, file=sys.stderr, flush=True)
