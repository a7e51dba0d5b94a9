"""What each store of programs can do; the use cases are the same in Postgres and in Airtable."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Protocol

from msgspec import Struct

from api._lib.context import Context, User
from api._lib.db import Queries
from api._lib.programs.events import SESSION
from api._lib.programs.model import NewSession, Program, Session
from api._lib.programs.rules.progress import Progress
from api._lib.tracking.service import NewBeliefs
from api._lib.wire import Key

Period = tuple[date, date]


class Overlap(Struct, frozen=True):
    """Programs that share days with a period: real ones block it, drafts give way."""

    blocking: bool
    drafts: Sequence[Key]


class Held(Struct, frozen=True):
    """A program that is about to change."""

    program: Program
    is_draft: bool
    has_sessions: bool
    unfinished: Sequence[Session] = ()
    """Sessions that may be the beginning of a schedule whose making was broken off."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What becomes of a person's programs in one change."""

    program: Program
    before: Program | None = None
    """The program until now; none makes a new one."""
    weeks: int | None = None
    sessions: Sequence[NewSession] = ()
    gone: Sequence[Session] = ()
    """Sessions that go; what was done in them stays with the program."""
    drafts: Sequence[Key] = ()
    """Drafts that give way."""
    own_beliefs: NewBeliefs | None = None
    habits: Sequence[str] = ()
    priority: int = SESSION


class Shelf(Protocol):
    """A person's programs, to look at."""

    @property
    def queries(self) -> Queries:
        """Where content is looked up meanwhile."""

    async def programs(self) -> list[tuple[Program, Progress]]:
        """All of them, newest first, each with how far it is."""

    async def find(self, program_id: str) -> tuple[Program, int] | None:
        """One of them, and its number of completions without session."""

    async def sessions(self, program: Program) -> list[Session]:
        """The sessions of a program by date, undated ones last."""

    async def session(self, program_id: str, session_id: str) -> tuple[Key, Session] | None:
        """A session of one of them, with the id of the program."""

    async def recent_methods(self, program: Program, limit: int) -> list[str]:
        """Methods last done in a program, newest first, each once."""

    async def overlapping(self, period: Period, today: date, own: Key | None = None) -> Overlap:
        """Those that share a day with the period; finished ones never block."""


class Work(Shelf, Protocol):
    """A person's programs while nobody else changes them; the last call says what changes."""

    async def hold(self, program_id: str, *, alone: bool = False) -> Held | None:
        """One of them; `alone` before it or sessions go, so that no activity is added meanwhile."""

    async def store(self, outcome: Outcome) -> Program:
        """Store an outcome, all of it or nothing; the program as it is then."""

    async def store_session(self, program_id: Key, session: Session) -> Session:
        """Store what a session became."""

    async def delete(self, program: Program) -> None:
        """Delete a program with its sessions; what was earned with it stays."""


class Programs(Protocol):
    """Where programs live."""

    def shelf(self, ctx: Context, user: User) -> Shelf:
        """A person's programs, to look at."""

    def work(self, ctx: Context, user: User, reason: str) -> AbstractAsyncContextManager[Work]:
        """A person's programs, to change; `reason` tells why reminders are planned anew."""

    async def loosen(
        self, ctx: Context, user: User, program: Program, gone: Sequence[Session]
    ) -> None:
        """Tie what was done in sessions that will go to the program, where that takes requests."""

    async def roll(self, ctx: Context) -> int:
        """Store the status that follows from the dates, by each user's day; how many changed."""

    async def delete_old_drafts(self, ctx: Context) -> int:
        """Delete drafts that nobody touched for a day; how many there were."""
