"""One sequence of requests over every flagged endpoint is answered alike in all four modes."""

from typing import Any

import pytest

from api._lib.clock import ManualClock
from tests.flags.conftest import MakeStage
from tests.flags.recording import Exchange, Recorder
from tests.flags.sequence import CONTENT_IDS, everything
from tests.flags.stage import Stage
from tests.programs import catalogue as library


async def recorded(stage: Stage, mode: str, clock: ManualClock) -> list[Exchange]:
    async with stage.server(mode) as server:
        people = {server.ann.id: "<ann>", server.bob.id: "<bob>"}
        recorder = Recorder(people | {id: id for id in CONTENT_IDS}, clock)
        await everything(recorder, server)
    return recorder.exchanges


@pytest.mark.parametrize("mode", ["airtable_only", "postgres_shadow_read", "postgres_only"])
async def test_answers_are_those_of_postgres_primary(
    make_stage: MakeStage, mode: str, clock: ManualClock
) -> None:
    expected = await recorded(await make_stage(), "postgres_primary", clock)
    found = await recorded(await make_stage(), mode, clock)
    for ours, theirs in zip(expected, found, strict=True):
        assert theirs == ours


def by_hand(owner: str) -> dict[str, list[dict[str, Any]]]:
    """What coaches leave out or type in their own way."""
    goals = [
        {"Naam": "Zonder status", "Planningdagen": "vrijdag,  Maandag, feestdag"},
        {"Status": "Actief"},
        {"Naam": "Onbekend", "Beschrijving": "Rustig"},
        {"Naam": "Bereikt", "Status": "Voltooid"},
        {"Naam": "Oud", "Status": "Gearchiveerd"},
    ]
    beliefs = [{"Name": "Af", "Status": "Afgerond"}, {"Status": "Actief"}, {"Name": "Open"}]
    tables = {"Persoonlijke doelen": goals, "Persoonlijke Overtuigingen": beliefs}
    return {
        table: [{"fields": {"Gebruikers": [owner], **fields}} for fields in rows]
        for table, rows in tables.items()
    }


async def shown(stage: Stage, mode: str) -> list[list[dict[str, Any]]]:
    paths = ("personal-goals", "personal-goals?include=voltooid", "persoonlijke-overtuigingen")
    async with stage.server(mode) as server:
        answers = [(await server.ann.ask("GET", path)).data for path in paths]
    return [sorted(({**one, "id": ""} for one in answer), key=str) for answer in answers]


async def test_records_made_by_hand_are_shown_alike(stage: Stage) -> None:
    async with stage.server() as server:
        stage.airtable.control.load(by_hand(server.ann.id))
    await stage.fill()
    pursued, listed, beliefs = expected = await shown(stage, "postgres_primary")
    assert await shown(stage, "airtable_only") == expected
    assert (len(pursued), len(listed), len(beliefs)) == (3, 4, 2)
    assert ["Maandag", "Vrijdag"] in [goal.get("scheduleDays") for goal in pursued]


async def opened(stage: Stage, mode: str) -> list[str]:
    async with stage.server(mode) as server:
        ann = server.ann
        assert library.SCAN not in [one["id"] for one in (await ann.get("methods")).data]
        body: dict[str, Any] = {"startDate": "2026-03-04", "duration": "1 week"}
        body["methods"] = [library.SCAN]
        program = (await ann.post("programs", **body)).data["id"]
        [planned] = (await ann.get(f"programs/{program}")).data["methodDetails"]
        await ann.delete(f"programs/{program}")
        return [planned["name"], (await ann.get(f"methods/{library.SCAN}")).data["name"]]


async def test_a_method_without_a_name_can_be_opened_alike(stage: Stage) -> None:
    stage.airtable.control.edit("Methodes", library.SCAN, {"Methode Naam": " "})
    await stage.fill()
    for mode in ("postgres_primary", "airtable_only"):
        assert await opened(stage, mode) == [library.SCAN, library.SCAN]
