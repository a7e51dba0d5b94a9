"""What people do with programs arrives in Airtable."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.mapping import ENTITIES
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.asking import Asking
from tests.endpoints.programs.steps import SOON, complete, confirm, create, create_whole, detail
from tests.programs.catalogue import BREATHE, CAN, FRIDAY, MONDAY, SCAN, STRESS, WALK, WEDNESDAY

CONTENT = {
    "Doelstellingen": ("goals", "Doelstelling Naam"),
    "Methodes": ("methods", "Methode Naam"),
    "Dagen van de week": ("weekdays", "Name"),
    "Overtuigingen": ("beliefs", "Name"),
}
Records = dict[str, dict[str, Any]]


@pytest.fixture
def environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """The environment of a server and a worker that talk to the stand-in."""
    return {**environ, **airtable.environ, "AIRTABLE_MIN_INTERVAL_MS": "1"}


@pytest.fixture
async def outbound(settings: Settings, cache: Cache, db: Database) -> AsyncIterator[Outbound]:
    """The sending half of a worker."""
    gateway = Gateway(settings, cache, db)
    running = Outbound(db, gateway, settings, "worker-1")
    yield running
    running.stop()
    await gateway.close()


@pytest.fixture
async def base(ann: Asking, db: Database, airtable: AirtableServer) -> AirtableServer:
    """The base with the same content and Ann, under the same ids."""
    records: dict[str, list[dict[str, Any]]] = {
        "Gebruikers": [{"id": ann.id, "fields": {"Naam": "An"}}]
    }
    for table, (relation, title) in CONTENT.items():
        rows = await db.fetch(f"SELECT id::text, name FROM {relation}")
        records[table] = [{"id": row["id"], "fields": {title: row["name"]}} for row in rows]
    airtable.control.load(records)
    return airtable


def records(base: AirtableServer, kind: E) -> Records:
    """Cells by field name of the records of a kind, by our id."""
    found = base.control.records(ENTITIES[kind].table.title)
    return {record["fields"]["App ID"]: record["fields"] for record in found}


async def record_id(db: Database, entity_id: str) -> Any:
    """The record that a row is linked to."""
    return await db.fetchval(
        "SELECT airtable_record_id::text FROM airtable_links WHERE entity_id = $1", entity_id
    )


async def test_a_confirmed_program_arrives_with_its_sessions_and_own_beliefs(
    ann: Asking, base: AirtableServer, outbound: Outbound, db: Database
) -> None:
    confirmed = await confirm(
        ann,
        programName="Rust",
        programSummary="Kort",
        overtuigingen=[CAN],
        customOvertuigingen=["Ik leer"],
    )
    program = confirmed["program"]["id"]
    await outbound.drain()
    linked = await record_id(db, program)
    cells = records(base, E.PROGRAM)[program]
    wanted = {
        "Programma naam": "Rust",
        "Gebruiker": [ann.id],
        "Startdatum": SOON,
        "Duur van programma": "2 weken",
        "Dagen van de week": [MONDAY, WEDNESDAY],
        "Doelstellingen": [STRESS],
        "Mentale methode": [BREATHE, SCAN],
        "Overtuigingen": [CAN],
        "Notities": "Kort",
        "Status": "Gepland",
        "Type Programma Creatie": "AI",
    }
    assert {name: cells[name] for name in wanted} == wanted
    [first, second] = (await detail(ann, program))["schedule"]
    sessions = records(base, E.PROGRAM_SCHEDULE)
    assert sessions.keys() == {first["id"], second["id"]}
    cells = sessions[first["id"]]
    assert cells["Mentale Fitnessprogramma"] == [linked]
    assert cells["Datum"] == SOON
    assert cells["Dag van de week"] == [MONDAY]
    assert cells["Beoogde methodes"] == [BREATHE, SCAN]
    assert cells["Doelstelling(en)"] == [STRESS]
    assert cells["Beschrijving van sessie(s)"] == "Ademen (10 min)\nBodyscan (5 min)"
    [belief] = records(base, E.PERSOONLIJKE_OVERTUIGING).values()
    assert linked in str(belief.values())


async def test_P19_clears_arrive_too(ann: Asking, base: AirtableServer, outbound: Outbound) -> None:
    program = await create(ann, goals=[STRESS], methods=[BREATHE], overtuigingen=[CAN], notes="Hup")
    await outbound.drain()
    path = f"programs/{program['id']}"
    await ann.patch(path, goals=[], methods=[], overtuigingen=[], notes=None)
    await outbound.drain()
    cells = records(base, E.PROGRAM)[program["id"]]
    cleared = ("Doelstellingen", "Mentale methode", "Overtuigingen", "Notities")
    assert not cells.keys() & set(cleared)


async def test_P19_there_and_back_again_arrives_as_the_last_state(
    ann: Asking, base: AirtableServer, outbound: Outbound
) -> None:
    program = await create_whole(ann)
    seen = []
    for methods in ([WALK], [BREATHE, SCAN], [WALK]):
        await ann.patch(f"programs/{program['id']}", methods=methods)
        await outbound.drain()
        seen.append(records(base, E.PROGRAM)[program["id"]]["Mentale methode"])
    assert seen == [[WALK], [BREATHE, SCAN], [WALK]]


async def test_P19_completions_that_lost_their_session_are_linked_to_the_program(
    ann: Asking, base: AirtableServer, outbound: Outbound, db: Database
) -> None:
    program = await create_whole(ann)
    session = (await detail(ann, program["id"]))["schedule"][0]["id"]
    usage = await ann.post(
        "method-usage", userId=ann.id, methodId=BREATHE, programmaplanningId=session
    )
    await outbound.drain()
    cells = records(base, E.METHOD_USAGE)[usage.data["id"]]
    assert cells["Programmaplanning"] == [await record_id(db, session)]
    path = f"programs/{program['id']}/regenerate-schedule"
    assert (await ann.post(path, daysOfWeek=[FRIDAY], force=True)).status == 200
    await outbound.drain()
    cells = records(base, E.METHOD_USAGE)[usage.data["id"]]
    assert "Programmaplanning" not in cells
    assert cells["Mentale Fitnessprogramma's"] == [await record_id(db, program["id"])]
    dates = {cells["Datum"] for cells in records(base, E.PROGRAM_SCHEDULE).values()}
    assert dates == {"2026-03-13", "2026-03-20"}
    assert records(base, E.PROGRAM)[program["id"]]["Dagen van de week"] == [FRIDAY]


async def test_an_edited_session_and_an_extended_program_arrive(
    ann: Asking, base: AirtableServer, outbound: Outbound
) -> None:
    program = await create_whole(ann)
    session = (await detail(ann, program["id"]))["schedule"][0]["id"]
    await outbound.drain()
    await ann.patch(
        f"programs/{program['id']}/schedule/{session}", methods=[WALK], goals=[], notes="Buiten"
    )
    await ann.post(f"programs/{program['id']}/extend", weeks=2)
    await outbound.drain()
    sessions = records(base, E.PROGRAM_SCHEDULE)
    assert len(sessions) == 8
    assert sessions[session]["Beoogde methodes"] == [WALK]
    assert sessions[session]["Opmerkingen"] == "Buiten"
    assert "Doelstelling(en)" not in sessions[session]
    assert records(base, E.PROGRAM)[program["id"]]["Duur van programma"] == "4 weken"


async def test_P19_a_deleted_program_disappears_and_no_waiting_change_brings_it_back(
    ann: Asking, base: AirtableServer, outbound: Outbound, db: Database
) -> None:
    program = await create_whole(ann)
    usage = await complete(db, ann, BREATHE, program=program["id"])
    await outbound.drain()
    await ann.patch(f"programs/{program['id']}", notes="Hup")
    await ann.delete(f"programs/{program['id']}")
    unsent = await create_whole(ann)
    await ann.delete(f"programs/{unsent['id']}")
    await outbound.drain()
    assert records(base, E.PROGRAM) == {}
    assert records(base, E.PROGRAM_SCHEDULE) == {}
    assert (
        await db.fetchval("SELECT program_id FROM method_completions WHERE id = $1", usage) is None
    )
    waiting = await db.fetchval(
        "SELECT count(*) FROM outbox_events WHERE status NOT IN ('processed', 'superseded')"
    )
    assert waiting == 0


async def test_a_draft_that_gave_way_disappears(
    ann: Asking, base: AirtableServer, outbound: Outbound
) -> None:
    await create(ann)
    await outbound.drain()
    program = await create_whole(ann)
    await outbound.drain()
    assert records(base, E.PROGRAM).keys() == {program["id"]}
