"""The rows that mirror programs: written in the same request, and true for the next mode."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.programs import PROGRAMS
from api._lib.sync.inbound_jobs import import_tracking
from api._lib.sync.reconcile.run import Reconciliation, Wish
from tests.endpoints.asking import Asking
from tests.endpoints.programs.steps import confirm, create, create_whole, detail, review
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as c

KINDS = (E.PROGRAM, E.PROGRAM_SCHEDULE, E.METHOD_USAGE, E.PERSOONLIJKE_OVERTUIGING)
ID_FIELDS = ("id", "programId", "methodUsageIds")


async def differences(server: Server) -> dict[str, list[str]]:
    """What the two stores do not agree on."""
    report = await Reconciliation(server.ctx, Wish([*map(str, KINDS)])).go()
    assert report.exit_code != 2
    return {
        found.entity: [f"{one.kind} {one.fields}" for one in found.real]
        for found in report.comparisons
        if found.real
    }


async def read_all(server: Server) -> None:
    """The worker's reading of what people do, once."""
    runtime: Any = SimpleNamespace(ctx=server.ctx, imports=asyncio.Semaphore(3))
    await import_tracking(runtime)


async def seen(ann: Asking) -> Sequence[Any]:
    """Everything about the person's programs but ids."""
    listed = (await ann.get("programs")).data
    return [_plain(await detail(ann, program["id"])) for program in listed]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _plain(item) for key, item in value.items() if key not in ID_FIELDS}
        used = value.get("methodUsageIds")
        return kept if used is None else kept | {"used": len(used)}
    return [_plain(item) for item in value] if isinstance(value, list) else value


async def follow(ann: Asking) -> None:
    """Programs of every kind, with activity, that were changed in every way."""
    await create(ann, "2026-05-04")
    confirmed = await confirm(ann, programName="Rust", customOvertuigingen=["Ik leer"])
    path = f"programs/{confirmed['program']['id']}"
    session = (await ann.get(path)).data["schedule"][0]["id"]
    done = {"userId": ann.id, "programmaplanningId": session}
    await ann.post("method-usage", methodId=c.BREATHE, **done)
    await ann.patch(path, notes="Hup", goals=[c.FOCUS, c.STRESS])
    await ann.post(f"{path}/regenerate-schedule", daysOfWeek=[c.FRIDAY], force=True)
    session = (await ann.get(path)).data["schedule"][0]["id"]
    await ann.patch(f"{path}/schedule/{session}", methods=[c.WALK], notes="Buiten")
    await ann.post(f"{path}/extend", weeks=2)
    gone = await create_whole(ann, "2026-06-01", "3 weken")
    assert (await ann.delete(f"programs/{gone['id']}")).status == 200


async def test_rows_are_as_records_without_any_reading(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        await follow(server.ann)
        assert await differences(server) == {}
        before = await seen(server.ann)
        await read_all(server)
        assert await differences(server) == {}
        assert await seen(server.ann) == before
    async with stage.server("postgres_primary") as server:
        assert await seen(server.ann) == before
        await follow_on(server.ann)
        await server.settle()
        assert await differences(server) == {}
        after = await seen(server.ann)
    async with stage.server("airtable_only") as server:
        await server.ctx.tables.forget(PROGRAMS)
        assert await seen(server.ann) == after


async def follow_on(ann: Asking) -> None:
    """The same programs in the next mode, by their new ids."""
    for program in (await ann.get("programs")).data:
        await ann.patch(f"programs/{program['id']}", notes="Verder")


async def test_the_day_on_which_a_program_ends_after_a_gap_is_kept(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        ann = server.ann
        ended = await create_whole(ann, "2026-01-08", "1 week")
        extended = await ann.post(f"programs/{ended['id']}/extend", weeks=1)
        assert extended.data["newEndDate"] == "2026-03-10"
        await read_all(server)
        assert (await detail(ann, ended["id"]))["endDate"] == "2026-03-10"
        assert [program["endDate"] for program in (await ann.get("programs")).data] == [
            "2026-03-10"
        ]
    async with stage.server("postgres_primary") as server:
        assert (await detail(server.ann, ended["id"]))["endDate"] == "2026-03-10"


async def test_either_id_leads_to_a_program_and_its_sessions(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        ann = server.ann
        program = await create_whole(ann)
        ids = {kind: await _row(server, kind) for kind in (E.PROGRAM, E.PROGRAM_SCHEDULE)}
        ours = await detail(ann, ids[E.PROGRAM])
        assert ours == await detail(ann, program["id"])
        path = f"programs/{ids[E.PROGRAM]}/schedule/{ids[E.PROGRAM_SCHEDULE]}"
        edited = await ann.patch(path, methods=[c.WALK])
        assert edited.data["id"] in {session["id"] for session in ours["schedule"]}
        assert edited.data["programId"] == program["id"]


async def _row(server: Server, kind: E) -> str:
    return str(
        await server.ctx.db.fetchval(
            "SELECT min(entity_id) FROM airtable_links WHERE entity_type = $1", kind
        )
    )


async def test_of_two_programs_at_once_over_the_same_days_one_is_made(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        wish: dict[str, Any] = {
            "startDate": "2026-03-09",
            "duration": "2 weken",
            "goals": [c.STRESS],
        }
        answers = await asyncio.gather(*(server.ann.post("programs", **wish) for _ in range(3)))
        assert sorted(answer.status for answer in answers) == [201, 409, 409]
        assert stage.airtable.control.count("Mentale Fitnessprogramma's") == 1


async def test_a_program_made_by_hand_in_airtable_is_shown_by_the_name_it_has_there(
    stage: Stage,
) -> None:
    async with stage.server("airtable_only") as server:
        fields = {"Gebruiker": [server.ann.id], "Startdatum": "2026-03-09"}
        record = stage.airtable.control.create(
            "Mentale Fitnessprogramma's", {**fields, "Duur van programma": "4 weken"}
        )
        [program] = (await server.ann.get("programs")).data
        assert program["id"] == record
        assert program["name"] == "An Voorbeeld - 2026-03-09"
        assert program["endDate"] == "2026-04-05"
        assert (program["status"], program["creationType"]) == ("Gepland", "Manueel")
        assert program["daysOfWeek"] == []
        assert (await server.bob.get(f"programs/{record}")).status == 404


async def test_a_row_that_cannot_be_written_now_does_not_hold_up_the_program(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        await server.ctx.db.execute("ALTER TABLE program_days RENAME TO elsewhere")
        program = await create_whole(server.ann)
        assert len((await detail(server.ann, program["id"]))["schedule"]) == 4
        await server.ctx.db.execute("ALTER TABLE elsewhere RENAME TO program_days")
        assert await server.ctx.db.fetchval("SELECT count(*) FROM programs") == 0
        await read_all(server)
        assert await differences(server) == {}


async def test_what_lives_in_postgres_is_stored_or_the_program_is_not(stage: Stage) -> None:
    """The habits that come with a program are nowhere else."""
    async with stage.server("airtable_only") as server:
        await server.ctx.db.execute("ALTER TABLE program_days RENAME TO elsewhere")
        chosen = review(selectedGoedeGewoontes=[{"goedeGewoonteId": c.WATER}])
        answer = await server.ann.post("programs/confirm", **chosen)
        assert answer.status == 500
        for table in ("Mentale Fitnessprogramma's", "Programmaplanning"):
            assert stage.airtable.control.count(table) == 0
        await server.ctx.db.execute("ALTER TABLE elsewhere RENAME TO program_days")
        assert (await server.ann.post("programs/confirm", **chosen)).status == 201
        habits = (await server.ann.get("methods/habits")).data
        assert [habit["id"] for habit in habits] == [c.WATER]
