"""Texts of the client come from Airtable while Postgres has none (HTTP frame 10.1)."""

import asyncio

import httpx

from tasks.dev.airtable.testing import AirtableServer


async def test_without_rows_the_texts_come_from_airtable(
    client: httpx.AsyncClient, airtable: AirtableServer
) -> None:
    airtable.control.create("Vertalingen", {"Key": "a.b", "nl": "Hallo", "fr": "Salut"})
    airtable.control.create("Vertalingen", {"Key": " a.c ", "nl": "Dag"})
    airtable.control.create("Vertalingen", {"nl": "zonder sleutel"})
    answer = await client.get("/api/translations/fr")
    assert answer.json()["data"] == {"a.b": "Salut", "a.c": "Dag"}


async def test_many_callers_cost_one_call(
    client: httpx.AsyncClient, airtable: AirtableServer
) -> None:
    airtable.control.create("Vertalingen", {"Key": "a.b", "nl": "Hallo"})
    paths = [f"/api/translations/{language}" for language in ("nl", "fr", "en")] * 5
    answers = await asyncio.gather(*(client.get(path) for path in paths))
    assert {answer.status_code for answer in answers} == {200}
    assert len(airtable.control.requests()) == 1


async def test_when_both_fail_the_answer_says_so_and_nobody_may_remember_it(
    client: httpx.AsyncClient, airtable: AirtableServer
) -> None:
    airtable.control.fault(status=503, count=0)
    for _ in range(3):
        answer = await client.get("/api/translations/nl")
        assert answer.status_code == 503
        assert answer.headers["cache-control"] == "no-store"
    assert len(airtable.control.requests()) == 1
