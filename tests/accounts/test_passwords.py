"""Password hashes: what fits, what never does, and what takes equal time."""

import asyncio
import threading

import bcrypt
import pytest

from api._lib.accounts import passwords
from tests.people import CHEAP_HASH, PASSWORD, PASSWORD_HASH

SEVENTY_TWO = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"
ACCENTS = "$2b$04$abcdefghijklmnopqrstuuKiIlCeXB6chNXkLyAo8C7XcLPzh6zUe"


@pytest.fixture
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work bcrypt can do, where the amount is not the question."""
    monkeypatch.setattr(passwords, "COST", 4)
    nobody = bcrypt.hashpw(b"nobody", bcrypt.gensalt(4)).decode()
    monkeypatch.setattr(passwords, "NOBODY", nobody)


@pytest.mark.usefixtures("little_work")
@pytest.mark.parametrize("prefix", ["$2b$", "$2a$", "$2y$"])
async def test_all_three_prefixes_verify(prefix: str) -> None:
    assert await passwords.matches(PASSWORD, prefix + CHEAP_HASH[4:])
    assert not await passwords.matches(PASSWORD + "x", prefix + CHEAP_HASH[4:])


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        ("x" * 72, SEVENTY_TWO),
        ("x" * 72 + "any suffix", SEVENTY_TWO),
        ("é" * 40, ACCENTS),
        ("é" * 36, ACCENTS),
    ],
)
async def test_only_the_first_72_bytes_count(password: str, stored: str) -> None:
    assert await passwords.matches(password, stored)


@pytest.mark.usefixtures("little_work")
@pytest.mark.parametrize(
    "stored", ["x", "", "$2x$12$" + "a" * 53, "$2b$99$" + "a" * 53, "$2b$12$" + "!" * 53]
)
async def test_a_malformed_hash_fits_nothing(stored: str) -> None:
    assert not await passwords.matches(PASSWORD, stored)
    assert not passwords.is_hash(stored)


async def test_a_new_hash_is_bcrypt_at_cost_12() -> None:
    made = await passwords.hashed(PASSWORD)
    assert made.startswith("$2b$12$")
    assert len(made) == 60
    assert await passwords.matches(PASSWORD, made)
    assert not passwords.is_weak(made)


async def test_cheaper_hashes_verify_and_are_told_apart() -> None:
    cheap = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    assert passwords.is_weak(cheap)
    assert await passwords.matches(PASSWORD, cheap)
    assert not await passwords.matches("wrong", cheap)


async def test_F_A10_a_wrong_password_costs_the_same_work_whatever_the_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The work of bcrypt doubles with every step of its cost, so the sums must be equal."""
    work: list[int] = []
    real = bcrypt.checkpw

    def counted(secret: bytes, stored: bytes) -> bool:
        work.append(2 ** int(stored[4:6]))
        return real(secret, stored)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    cheap = bcrypt.hashpw(b"another", bcrypt.gensalt(6)).decode()
    for stored in (PASSWORD_HASH, cheap, "x", passwords.NOBODY):
        work.clear()
        await passwords.matches("wrong", stored)
        assert sum(work) == 2**12, stored


async def test_F_A23_comparisons_run_in_threads_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: set[str] = set()
    real = bcrypt.checkpw

    def noted(secret: bytes, stored: bytes) -> bool:
        threads.add(threading.current_thread().name)
        return real(secret, stored)

    monkeypatch.setattr(bcrypt, "checkpw", noted)
    await asyncio.gather(*(passwords.matches(PASSWORD, PASSWORD_HASH) for _ in range(4)))
    assert threads
    assert all(name.startswith("bcrypt") for name in threads)


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("é" * 37, "password_too_long"),
        ("x" * 73, "password_too_long"),
        ("an@voorbeeld.test", "password_is_address"),
        (" AN@Voorbeeld.test ", "password_is_address"),
        ("x" * 72, None),
        ("é" * 36, None),
    ],
)
def test_which_new_passwords_will_not_do(password: str, message: str | None) -> None:
    found = passwords.objection(password, "an@voorbeeld.test")
    assert (found.message if found else None) == message
