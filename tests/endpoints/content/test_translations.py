"""`GET /api/translations/:lang` and `POST /api/cache/invalidate`."""

import asyncio
import time

import httpx
import pytest

from api._lib.db import Database

SUBTITLE = "<strong>Kijk</strong>  na"


async def test_missing_texts_are_dutch(client: httpx.AsyncClient, library: Database) -> None:
    answer = await client.get("/api/translations/fr")
    assert answer.json()["data"] == {
        "a.b": "Hallo",
        "a.c": "Salut",
        "a.d": "Dag",
        "wizard.review.subtitle": SUBTITLE,
    }
    cache = "public, max-age=300, stale-while-revalidate=3600"
    assert answer.headers["cache-control"] == cache


async def test_by_dutch_text_the_first_key_wins(
    client: httpx.AsyncClient, library: Database
) -> None:
    answer = await client.get("/api/translations/FR?mode=by-nl")
    data = answer.json()["data"]
    assert (data["Hallo"], data["Dag"]) == ("Hallo", "Dag")


async def test_full_has_both_maps(client: httpx.AsyncClient, library: Database) -> None:
    data = (await client.get("/api/translations/en?mode=full")).json()["data"]
    assert data["byKey"]["a.b"] == "Hello"
    assert data["byNl"]["Dag"] == "Day"


async def test_an_unchanged_answer_is_304(client: httpx.AsyncClient, library: Database) -> None:
    etag = (await client.get("/api/translations/nl")).headers["etag"]
    answer = await client.get("/api/translations/nl", headers={"if-none-match": etag})
    assert answer.status_code == 304


async def test_a_changed_text_is_served_within_three_seconds(
    client: httpx.AsyncClient, library: Database
) -> None:
    path, end = "/api/translations/fr", time.monotonic() + 3
    await client.get(path)
    await library.execute("UPDATE translations SET fr = 'Bonjour' WHERE key = 'a.b'")
    while (text := (await client.get(path)).json()["data"]["a.b"]) != "Bonjour":
        assert time.monotonic() < end, text
        await asyncio.sleep(0.05)


async def test_texts_are_read_once_for_all_who_wait(
    client: httpx.AsyncClient, library: Database, statements: list[str]
) -> None:
    path = "/api/translations/nl"
    answers = await asyncio.gather(*[client.get(path) for _ in range(5)])
    assert {answer.status_code for answer in answers} == {200}
    assert len([text for text in statements if "FROM translations" in text]) == 1


@pytest.mark.parametrize("language", ["fr-BE", "de", "%00"])
async def test_other_languages_are_400(client: httpx.AsyncClient, language: str) -> None:
    answer = await client.get(f"/api/translations/{language}")
    assert answer.status_code == 400
    assert answer.headers["cache-control"] == "no-store"


async def test_F_H11_without_any_text_the_answer_is_503_and_not_cached(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/api/translations/nl")
    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """With the secret that operators use."""
    return environ | {"CACHE_INVALIDATION_SECRET": "clear it"}


SECRET = {"x-cache-secret": "clear it"}


async def test_clearing_one_table_counts_its_keys(
    client: httpx.AsyncClient, library: Database
) -> None:
    await client.get("/api/days")
    answer = await client.post(
        "/api/cache/invalidate", json={"table": "daysOfWeek"}, headers=SECRET
    )
    assert answer.json()["data"] == {
        "invalidated": 1,
        "table": "daysOfWeek",
        "tableId": "tblS3gleG8cSlWOJ3",
    }


async def test_clearing_without_a_table_clears_all(
    client: httpx.AsyncClient, library: Database
) -> None:
    await client.get("/api/days")
    await client.get("/api/goals")
    answer = await client.post("/api/cache/invalidate", headers=SECRET)
    assert answer.json()["data"] == {"invalidated": 2, "table": "all"}


@pytest.mark.parametrize("table", ["constructor", "", 7, "x" * 65])
async def test_unknown_tables_are_400(client: httpx.AsyncClient, table: object) -> None:
    answer = await client.post("/api/cache/invalidate", json={"table": table}, headers=SECRET)
    assert answer.status_code == 400


@pytest.mark.parametrize("headers", [{}, {"x-cache-secret": "no"}, {"x-cache-secret": ""}])
async def test_F_H7_without_the_secret_nothing_is_cleared(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.post("/api/cache/invalidate", headers=headers)).status_code == 401
