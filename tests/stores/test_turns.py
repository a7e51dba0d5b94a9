"""Turns: one person's changes to records in Airtable follow each other over all processes."""

import pytest

from api._lib.airtable import turns
from api._lib.airtable.errors import NotSentError
from api._lib.airtable.turns import Turns
from api._lib.cache import Cache

PERSON = "recPERSON00000001"


async def test_two_processes_take_turns_for_one_person(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.0)
    here, elsewhere = Turns(cache), Turns(cache)
    async with here.of(PERSON):
        async with elsewhere.of("recANOTHER0000001"):
            pass
        with pytest.raises(NotSentError):
            async with elsewhere.of(PERSON):
                pytest.fail("both have the turn")
    async with elsewhere.of(PERSON):
        pass


async def test_who_took_too_long_does_not_end_the_turn_of_the_next(cache: Cache) -> None:
    key = f"turn:{PERSON}"
    async with Turns(cache).of(PERSON):
        await cache.set(key, b"the next one", 60)
    assert await cache.get(key) == b"the next one"
