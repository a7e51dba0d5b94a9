"""The public lists and what hangs on them."""

import asyncio

import httpx
import pytest

from api._lib.app import App
from api._lib.content import service as content
from api._lib.context import Context
from api._lib.db import Database
from tests.endpoints.conftest import MakePerson
from tests.people import Person
from tests.waiting import until_somebody_waits

LISTS = {
    "/api/methods": ["recMethScan000001", "recMethBreath0001"],
    "/api/goals": ["recGoalFocus00001", "recGoalStress0001"],
    "/api/days": ["recDayMaandag0001", "recDayZondag00001", "recDayFeestdag001"],
    "/api/overtuigingen": ["recBeliefKan00001", "recBeliefAlone001", "recBeliefRust0001"],
    "/api/mindset-categories": ["recCategorySelf01"],
}


@pytest.mark.parametrize(("path", "ids"), LISTS.items())
async def test_lists_show_listed_records_with_a_name_in_their_order(
    client: httpx.AsyncClient, library: Database, path: str, ids: list[str]
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert [item["id"] for item in answer.json()["data"]] == ids


@pytest.mark.parametrize("path", LISTS)
async def test_a_cached_list_takes_no_statement(
    client: httpx.AsyncClient, library: Database, statements: list[str], path: str
) -> None:
    await client.get(path)
    first = len(statements)
    await client.get(path)
    assert first > 0
    assert len(statements) == first


async def test_an_empty_table_is_an_empty_list(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/goals")).json() == {"success": True, "data": []}


async def test_a_method_says_all_the_client_reads(
    client: httpx.AsyncClient, library: Database
) -> None:
    [scan, breath] = (await client.get("/api/methods")).json()["data"]
    assert scan == {
        "id": "recMethScan000001",
        "name": "Bodyscan",
        "duration": 10,
        "experienceLevelIds": [],
        "optimalFrequency": [],
        "linkedGoalIds": [],
        "media": [],
        "pointsValue": 5,
    }
    assert breath["photo"] == "/api/attachments/recMethBreath0001/a%20b.svg"
    assert breath["experienceLevel"] == "Beginner"
    assert breath["linkedGoalIds"] == ["recGoalStress0001", "recGoalFocus00001"]


async def test_unplayable_media_are_left_out(client: httpx.AsyncClient, library: Database) -> None:
    await library.execute(
        """UPDATE media SET media_type = NULL, url = 'https://files.test/b',
               url_filename = 'b.pdf', url_fetched_at = now()
           WHERE id = 'recMediaEmpty0001'"""
    )
    await expect_only_the_sound(client)


async def test_media_without_a_file_are_left_out(
    client: httpx.AsyncClient, library: Database
) -> None:
    await expect_only_the_sound(client)


async def expect_only_the_sound(client: httpx.AsyncClient) -> None:
    """The method's other media record holds nothing a player takes."""
    data = (await client.get("/api/methods/recMethBreath0001")).json()["data"]
    assert data["mediaDetails"] == [
        {
            "id": "recMediaSound0001",
            "filename": "Adem",
            "type": "audio",
            "url": "/api/attachments/recMediaSound0001/adem.mp3",
        }
    ]


@pytest.mark.parametrize("method_id", ["recMethHidden0001", "recMethGone000001"])
async def test_hidden_and_archived_methods_are_found_by_id(
    client: httpx.AsyncClient, library: Database, method_id: str
) -> None:
    assert (await client.get(f"/api/methods/{method_id}")).status_code == 200


async def test_a_method_without_a_name_can_still_be_opened_by_its_id(
    client: httpx.AsyncClient, library: Database
) -> None:
    await library.execute("UPDATE methods SET name = ' ' WHERE id = 'recMethScan000001'")
    answer = await client.get("/api/methods/recMethScan000001")
    assert answer.json()["data"]["name"] == "recMethScan000001"


@pytest.mark.parametrize("method_id", ["recMethNobody0001", "not-an-id", "rec'); DROP"])
async def test_unknown_methods_are_404(
    client: httpx.AsyncClient, library: Database, method_id: str
) -> None:
    assert (await client.get(f"/api/methods/{method_id}")).status_code == 404


@pytest.mark.parametrize(
    ("goal_ids", "expected"),
    [
        ("recGoalStress0001", ["recBeliefRust0001"]),
        ("recGoalStress0001, recGoalFocus00001", ["recBeliefKan00001", "recBeliefRust0001"]),
        ("recGoalNobody0001", []),
        (",", []),
    ],
)
async def test_beliefs_by_goals_match_themselves_or_through_a_category(
    client: httpx.AsyncClient,
    library: Database,
    person: Person,
    goal_ids: str,
    expected: list[str],
) -> None:
    answer = await client.get(
        "/api/overtuigingen/by-goals", params={"goalIds": goal_ids}, headers=person.headers
    )
    assert [belief["id"] for belief in answer.json()["data"]] == expected


@pytest.mark.parametrize("query", ["", "?goalIds=a&goalIds=b"])
async def test_by_goals_needs_exactly_one_list(
    client: httpx.AsyncClient, person: Person, query: str
) -> None:
    answer = await client.get(f"/api/overtuigingen/by-goals{query}", headers=person.headers)
    assert answer.status_code == 400


async def test_by_goals_takes_at_most_fifty_ids(client: httpx.AsyncClient, person: Person) -> None:
    many = ",".join(f"recGoalNumber{number:04d}" for number in range(51))
    answer = await client.get(
        "/api/overtuigingen/by-goals", params={"goalIds": many}, headers=person.headers
    )
    assert answer.status_code == 400


async def test_habits_are_the_chosen_ones_else_all(
    client: httpx.AsyncClient, library: Database, person: Person
) -> None:
    answer = await client.get("/api/methods/habits", headers=person.headers)
    assert len(answer.json()["data"]) == 2
    await library.execute(
        "INSERT INTO habit_selections (user_id, habit_id, position) VALUES ($1, $2, 0)",
        person.id,
        "recHabitWater0001",
    )
    answer = await client.get("/api/methods/habits", headers=person.headers)
    assert answer.json()["data"] == [
        {"id": "recHabitWater0001", "name": "💧 Water drinken", "notes": "2 liter"}
    ]


async def test_a_selection_of_vanished_habits_shows_all(
    client: httpx.AsyncClient, library: Database, person: Person
) -> None:
    await library.execute(
        "INSERT INTO habit_selections (user_id, habit_id, position) VALUES ($1, $2, 0)",
        person.id,
        "recHabitWater0001",
    )
    await library.execute("UPDATE habits SET archived_at = now() WHERE id = 'recHabitWater0001'")
    answer = await client.get("/api/methods/habits", headers=person.headers)
    assert [habit["id"] for habit in answer.json()["data"]] == ["recHabitWalk00001"]


async def test_companies_of_others_stay_unnamed(
    client: httpx.AsyncClient, library: Database, person: Person
) -> None:
    await library.execute(
        "INSERT INTO user_companies (user_id, company_id, position) VALUES ($1, $2, 0)",
        person.id,
        "recCompanyTwo0001",
    )
    answer = await client.get(
        "/api/companies/lookup",
        params={"ids": " recCompanyTwo0001 ,recCompanyOne0001,x"},
        headers=person.headers,
    )
    assert answer.json()["data"] == {"recCompanyTwo0001": "Tweede"}


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?ids=", 400), ("?ids=,%20", 200)])
async def test_companies_are_asked_for_by_at_least_one_sign(
    client: httpx.AsyncClient, person: Person, query: str, status: int
) -> None:
    answer = await client.get(f"/api/companies/lookup{query}", headers=person.headers)
    assert answer.status_code == status
    assert status == 400 or answer.json()["data"] == {}


async def test_a_change_is_shown_after_it_is_dropped(
    app: App, client: httpx.AsyncClient, library: Database
) -> None:
    await client.get("/api/goals")
    await library.execute("UPDATE goals SET name = 'Aandacht' WHERE id = 'recGoalFocus00001'")
    assert "Aandacht" not in (await client.get("/api/goals")).text
    assert app.resources is not None
    await content.drop(Context(app.resources), "goals")
    assert "Aandacht" in (await client.get("/api/goals")).text


async def test_a_list_made_before_its_table_changed_again_is_not_kept(
    app: App, library: Database
) -> None:
    assert app.resources is not None
    ctx = Context(app.resources)
    async with library.transaction() as tx:
        await tx.execute("LOCK TABLE goals IN ACCESS EXCLUSIVE MODE")
        making = asyncio.create_task(content.items(ctx, content.GOALS))
        await until_somebody_waits(library)
        await content.drop(ctx, "goals")
    assert len(await making) == 2
    table_id = ctx.settings.airtable_tables["goals"]
    assert await ctx.cache.get(f"airtable:{table_id}:list") is None


async def test_an_archived_level_still_names_the_badge(
    app: App, client: httpx.AsyncClient, library: Database, make_person: MakePerson
) -> None:
    await library.execute("UPDATE experience_levels SET archived_at = now()")
    data = (await client.get("/api/methods")).json()["data"]
    assert data[1]["experienceLevel"] == "Beginner"


@pytest.mark.parametrize("stored", [b'{"data":[{"id":"recHabitWater0001"}]}', b'{"data":1}', b"no"])
async def test_a_list_that_another_version_of_the_server_kept_breaks_nothing(
    app: App, client: httpx.AsyncClient, library: Database, person: Person, stored: bytes
) -> None:
    assert app.resources is not None
    ctx = Context(app.resources)
    table_id = ctx.settings.airtable_tables["goedeGewoontes"]
    await ctx.cache.set(f"airtable:{table_id}:list", stored, 60)
    answer = await client.get("/api/methods/habits", headers=person.headers)
    assert len(answer.json()["data"]) == 2
