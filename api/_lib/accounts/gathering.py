"""One query for all requests of a moment: the guard's look-up, gathered.

Nothing is remembered: a request is only ever answered from a query that began after it came, so
blocking somebody acts at once.
"""

import asyncio
from uuid import UUID
from weakref import WeakKeyDictionary

from api._lib.accounts.model import Account
from api._lib.accounts.store import people
from api._lib.db import Database

Found = tuple[Account | None, bool]
Question = tuple[str, UUID | None]


class Gathering:
    """Questions that come while a query is on its way are answered together by the next one."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[Question, asyncio.Future[Found]]] = []
        self._work: asyncio.Task[None] | None = None

    async def find(self, user_id: str, sid: UUID | None) -> Found:
        """The person with an id, and whether the session is theirs and not revoked."""
        answer: asyncio.Future[Found] = self._loop.create_future()
        self._waiting.append(((user_id, sid), answer))
        if self._work is None:
            self._work = self._loop.create_task(self._answer_all())
        return await answer

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                await self._answer(asked)
        finally:
            self._work = None

    async def _answer(self, asked: list[tuple[Question, asyncio.Future[Found]]]) -> None:
        try:
            found = await people.accounts_with_sessions(self._db, [one for one, _ in asked])
        except Exception as error:  # every one of them is told
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), result in zip(asked, found, strict=True):
            if not answer.done():
                answer.set_result(result)


_gatherings: WeakKeyDictionary[Database, Gathering] = WeakKeyDictionary()


def gathered(db: Database) -> Gathering:
    """The gathering of a pool."""
    if db not in _gatherings:
        _gatherings[db] = Gathering(db)
    return _gatherings[db]
