"""Known and unknown addresses cannot be told apart, not even by time (F-A10).

Calls for known and unknown addresses are mixed at random, so whatever else the machine does falls
on both alike. Two samples of 200 times differ when the largest distance between their distribution
functions (Kolmogorov and Smirnov) exceeds what chance gives once in ten thousand; only three such
rounds in a row are believed. On a machine too busy to do the work within the time by which answers
are evened out, that time is longer.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from math import sqrt

import pytest

from api._lib.accounts import pace, passwords
from api._lib.app import App
from api._lib.db import Database
from tests.endpoints.accounts.visitor import Answer, Visitor, settled
from tests.people import CHEAP_HASH, record_id

CALLS = 200
ROUNDS = 3
AT_ONCE = 4
AT_LEAST = pace.EVEN_SECONDS
ONCE_IN_TEN_THOUSAND = 2.23
NOTICEABLE = ONCE_IN_TEN_THOUSAND * sqrt(2 / CALLS)
VARYING = {"x-request-id"}

Call = Callable[[str], Awaitable[Answer]]


class Sample:
    """What calls for one kind of address looked like and how long they took."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.looks: set[str] = set()

    async def take(self, call: Call, email: str) -> None:
        """Make one call."""
        began = time.perf_counter()
        answer = await call(email)
        self.seconds.append(time.perf_counter() - began)
        headers = {k: v for k, v in answer.headers.items() if k not in VARYING}
        self.looks.add(f"{answer.status} {answer.body} {sorted(headers.items())}")


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest distance between two distribution functions."""
    tagged = sorted([(value, 1) for value in one] + [(value, -1) for value in other])
    height = largest = 0
    for _, step in tagged:
        height += step
        largest = max(largest, abs(height))
    return largest / len(one)


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Limits that do not get in the way; who is limited is the same for all anyway."""
    return environ | {"RATE_LIMIT_FACTOR": "1000"}


@pytest.fixture
async def known(store: Database) -> list[str]:
    """Addresses of people."""
    rows = [
        (record_id("KNOWN"), f"bekend{n:03d}@voorbeeld.test", CHEAP_HASH)
        for n in range(ROUNDS * CALLS)
    ]
    await store.executemany(
        "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, 'An', $3)", rows
    )
    return [email for _, email, _ in rows]


@pytest.fixture
def unknown() -> list[str]:
    """Addresses of nobody, as long as the others."""
    return [f"onbekd{n:03d}@voorbeeld.test" for n in range(ROUNDS * CALLS)]


async def compared(
    app: App, call: Call, known: Sequence[str], unknown: Sequence[str], at_once: int = AT_ONCE
) -> None:
    """Some rounds at most; the first that is not noticeable decides."""
    for start in range(0, len(known), CALLS):
        one, other = known[start : start + CALLS], unknown[start : start + CALLS]
        theirs, nobodys = Sample(), Sample()
        turns = [*((theirs, email) for email in one), *((nobodys, email) for email in other)]
        random.shuffle(turns)
        for turn in range(0, len(turns), at_once):
            group = turns[turn : turn + at_once]
            await asyncio.gather(*(sample.take(call, email) for sample, email in group))
        await settled(app)
        assert theirs.looks == nobodys.looks
        assert len(theirs.looks) == 1
        found = distance(theirs.seconds, nobodys.seconds)
        if found <= NOTICEABLE:
            return
    pytest.fail(f"the times differ by {found:.2f}, noticeable is {NOTICEABLE:.2f}")


@pytest.fixture
async def warm(visitor: Visitor, known: list[str], monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Somebody who called before, so that the first calls are not special."""
    needed: list[float] = []
    with monkeypatch.context() as bare:
        bare.setattr(pace, "EVEN_SECONDS", 0.0)
        for n in range(10):
            email = f"eerste{n}@voorbeeld.test"
            began = time.perf_counter()
            await asyncio.gather(*(visitor.login(email) for _ in range(AT_ONCE)))
            needed.append(time.perf_counter() - began)
            await visitor.enter_code(email, "123456")
    even = max(AT_LEAST, 2 * statistics.median(needed))
    monkeypatch.setattr(pace, "EVEN_SECONDS", even)
    return visitor


async def test_asking_for_a_link(
    app: App, warm: Visitor, known: list[str], unknown: list[str]
) -> None:
    await compared(app, warm.request_link, known, unknown)


async def test_guessing_a_code(
    app: App, warm: Visitor, store: Database, known: list[str], unknown: list[str]
) -> None:
    """Every known address has an open code, so its guesses are counted in a row."""
    await store.execute(
        """INSERT INTO login_codes (user_id, purpose, code_hash, expires_at)
           SELECT id, 'login', 'x', '2100-01-01' FROM users"""
    )

    async def guess(email: str) -> Answer:
        return await warm.enter_code(email, "123456")

    await compared(app, guess, known, unknown)
    assert await store.fetchval("SELECT sum(failed_attempts) FROM login_codes") >= CALLS


async def test_the_first_step_of_the_login(
    app: App, warm: Visitor, known: list[str], unknown: list[str]
) -> None:
    await compared(app, warm.login, known, unknown)


async def test_a_wrong_password(
    app: App,
    warm: Visitor,
    known: list[str],
    unknown: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At a small part of the cost: a comparison is to hide less than it does in earnest.

    One at a time, because comparisons of one moment wait for each other.
    """
    monkeypatch.setattr(passwords, "COST", 6)
    monkeypatch.setattr(passwords, "NOBODY", f"$2b$06{CHEAP_HASH[6:]}")
    monkeypatch.setattr(pace, "EVEN_SECONDS", max(AT_LEAST, pace.EVEN_SECONDS / AT_ONCE))

    async def guess(email: str) -> Answer:
        return await warm.login(email, "wrong")

    await compared(app, guess, known, unknown, at_once=1)


def test_the_comparison_notices_a_difference_and_nothing_else() -> None:
    noise = random.Random(7)
    one = [noise.gauss(5, 1) for _ in range(CALLS)]
    same = [noise.gauss(5, 1) for _ in range(CALLS)]
    slower = [noise.gauss(5.7, 1) for _ in range(CALLS)]
    assert distance(one, same) < NOTICEABLE < distance(one, slower)
