"""Looking at programs in Postgres."""

from datetime import date

from api._lib.db import Queries
from api._lib.programs.contracts import Overlap, Period
from api._lib.programs.model import Program, Session
from api._lib.programs.rules.progress import Progress
from api._lib.programs.store import dates, reading
from api._lib.wire import Key


class PostgresShelf:
    """A person's programs, through the pool or inside a transaction."""

    def __init__(self, queries: Queries, user_id: str) -> None:
        self.queries = queries
        self._user_id = user_id

    async def programs(self) -> list[tuple[Program, Progress]]:
        """All of them, newest first, each with how far it is."""
        return await reading.programs_of(self.queries, self._user_id)

    async def find(self, program_id: str) -> tuple[Program, int] | None:
        """One of them, and its number of completions without session."""
        return await reading.find(self.queries, self._user_id, program_id)

    async def sessions(self, program: Program) -> list[Session]:
        """The sessions of a program by date, undated ones last."""
        return await reading.sessions_of(self.queries, program.id)

    async def session(self, program_id: str, session_id: str) -> tuple[Key, Session] | None:
        """A session of one of them, with the id of the program."""
        return await reading.find_session(self.queries, self._user_id, program_id, session_id)

    async def recent_methods(self, program: Program, limit: int) -> list[str]:
        """Methods last done in a program, newest first, each once."""
        return await reading.latest_methods(self.queries, program.id, limit)

    async def overlapping(self, period: Period, today: date, own: Key | None = None) -> Overlap:
        """Those that share a day with the period; finished ones never block."""
        return await dates.overlapping(self.queries, self._user_id, period, today, own)
