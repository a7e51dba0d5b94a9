"""Stable links to files whose real addresses expire (reference data 7)."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api._lib.context import Context
from api._lib.sync.inbound.content import import_content
from api._lib.sync.inbound.content_tables import CONTENT
from tasks.dev.airtable.testing import AirtableServer

PHOTO = [{"url": "https://files.test/adem.png", "filename": "adem ruimte 1/2.png"}]
SOUND = [{"url": "https://files.test/adem.mp3", "filename": "adem.mp3"}]


@pytest.fixture
async def method(ctx: Context, airtable: AirtableServer) -> str:
    """A method with a photo and a sound, as the poll brought it."""
    media = airtable.control.create(
        "Media", {"Bestandsnaam": "Adem", "Type": "audio", "Bestand": SOUND}
    )
    fields: dict[str, Any] = {"Methode Naam": "Adem", "Foto": PHOTO, "Media": [media]}
    made = airtable.control.create("Methodes", fields)
    for name in ("media", "methods"):
        await import_content(ctx, CONTENT[name])
    await age(ctx, timedelta(0))
    airtable.control.clear_requests()
    return made


async def age(ctx: Context, by: timedelta) -> None:
    """Let all addresses be as old as that."""
    fetched_at = ctx.clock.now() - by
    await ctx.db.execute(
        "UPDATE methods SET photo_fetched_at = $1 WHERE photo_url IS NOT NULL", fetched_at
    )
    await ctx.db.execute("UPDATE media SET url_fetched_at = $1 WHERE url IS NOT NULL", fetched_at)


async def links(client: httpx.AsyncClient, method: str) -> tuple[str, str]:
    detail = (await client.get(f"/api/methods/{method}")).json()["data"]
    return detail["photo"], detail["mediaDetails"][0]["url"]


async def test_links_lead_to_the_files_without_a_token(
    client: httpx.AsyncClient, method: str, airtable: AirtableServer
) -> None:
    photo, sound = await links(client, method)
    assert photo == f"/api/attachments/{method}/adem%20ruimte%201_2.png"
    assert sound.endswith("/adem.mp3")
    async with httpx.AsyncClient() as browser:
        for link, kind in ((photo, "image/png"), (sound, "audio/wav")):
            answer = await client.get(link)
            assert answer.status_code == 302
            assert answer.headers["cache-control"] == "private, max-age=600"
            assert answer.headers["location"].startswith(airtable.url)
            file = await browser.get(answer.headers["location"])
            assert (file.status_code, file.headers["content-type"]) == (200, kind)
    assert airtable.control.requests() == []


async def test_N12_an_old_address_is_renewed_and_stored(
    client: httpx.AsyncClient, ctx: Context, method: str, airtable: AirtableServer
) -> None:
    [photo, _] = await links(client, method)
    before = (await client.get(photo)).headers["location"]
    await age(ctx, timedelta(minutes=91))
    renewed = (await client.get(photo)).headers["location"]
    assert renewed != before
    assert (await client.get(photo)).headers["location"] == renewed
    assert len(airtable.control.requests()) == 1


async def test_files_asked_for_at_once_are_looked_up_together(
    client: httpx.AsyncClient, ctx: Context, method: str, airtable: AirtableServer
) -> None:
    others = [
        airtable.control.create("Methodes", {"Methode Naam": f"M{n}", "Foto": PHOTO})
        for n in range(9)
    ]
    await import_content(ctx, CONTENT["methods"])
    await age(ctx, timedelta(hours=5))
    airtable.control.clear_requests()
    airtable.control.latency(0.5)
    paths = [f"/api/attachments/{record}/x.png" for record in [method, *others] * 3]
    answers = await asyncio.gather(*(client.get(path) for path in paths))
    assert {answer.status_code for answer in answers} == {302}
    # Who comes too late for the first look-up, for want of a connection, shares the next one.
    assert len(airtable.control.requests()) <= 3


@pytest.mark.parametrize(("minutes", "status"), [(91, 302), (119, 302), (121, 503)])
async def test_while_airtable_is_away_an_address_is_used_as_long_as_it_lasts(
    client: httpx.AsyncClient,
    ctx: Context,
    method: str,
    airtable: AirtableServer,
    minutes: int,
    status: int,
) -> None:
    await age(ctx, timedelta(minutes=minutes))
    airtable.control.fault(status=503, count=0)
    answer = await client.get(f"/api/attachments/{method}/x.png")
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"


async def test_a_file_that_was_removed_is_not_found(
    client: httpx.AsyncClient, ctx: Context, method: str, airtable: AirtableServer
) -> None:
    await age(ctx, timedelta(minutes=100))
    airtable.control.edit("Methodes", method, {"Foto": []})
    path = f"/api/attachments/{method}/x.png"
    assert (await client.get(path)).status_code == 404
    assert (await client.get(path)).status_code == 404
    assert len(airtable.control.requests()) == 1


async def test_F_H15_of_a_deleted_record_airtable_is_asked_once(
    client: httpx.AsyncClient, ctx: Context, method: str, airtable: AirtableServer
) -> None:
    await age(ctx, timedelta(minutes=100))
    airtable.control.delete("Methodes", method)
    path = f"/api/attachments/{method}/x.png"
    assert (await client.get(path)).status_code == 404
    address = await ctx.db.fetchval("SELECT photo_url FROM methods WHERE id = $1", method)
    assert address is None
    assert len(airtable.control.requests()) == 1


@pytest.mark.parametrize("record", ["recNobody00000001", "nobody", "rec%00", "a" * 600])
async def test_unknown_records_are_not_found(
    client: httpx.AsyncClient, airtable: AirtableServer, record: str
) -> None:
    answer = await client.get(f"/api/attachments/{record}/x.png")
    assert answer.status_code in (400, 404)
    assert answer.json()["success"] is False
    assert airtable.control.requests() == []


async def test_a_record_without_a_file_is_not_found(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    method = airtable.control.create("Methodes", {"Methode Naam": "Adem"})
    await import_content(ctx, CONTENT["methods"])
    assert (await client.get(f"/api/attachments/{method}/x.png")).status_code == 404
