"""What people did before, as it stands in Airtable, stands in Postgres after the first fill."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.mapping import ENTITIES
from api._lib.context import Context
from api._lib.outbox import Event, enqueue
from api._lib.settings import Backend
from api._lib.sync.gates import end_run
from api._lib.sync.inbound.activity import ACTIVITIES, import_activity
from api._lib.sync.inbound.activity_removal import missing_records
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.people import list_people
from api._lib.sync.inbound.reading import started
from tasks.dev.airtable.testing import AirtableServer
from tests.sync.inbound.test_content import import_all

PROGRAMS, SESSIONS = "Mentale Fitnessprogramma's", "Programmaplanning"
HABITS, BELIEFS = "Goede gewoontes gebruik", "Overtuigingen Gebruik"


async def import_everything(ctx: Context) -> dict[E, Outcome]:
    await import_all(ctx)
    await list_people(ctx)
    return {kind: await import_activity(ctx, a) for kind, a in ACTIVITIES.items()}


async def rows(ctx: Context, kind: E) -> list[dict[str, Any]]:
    relation = ENTITIES[kind].relation
    return [dict(r) for r in await ctx.db.fetch(f"SELECT * FROM {relation} ORDER BY created_at")]


async def dump(ctx: Context) -> dict[str, list[str]]:
    """Every row of activity, with its lists, links and grants."""
    names = [ENTITIES[kind].relation for kind in ACTIVITIES]
    names += [link.name for activity in ACTIVITIES.values() for link in activity.lists]
    found = {}
    for name in [*names, "airtable_links", "reward_ledger"]:
        listed = await ctx.db.fetch(f"SELECT t::text AS row FROM {name} t ORDER BY 1")
        found[name] = [row["row"] for row in listed]
    return found


class Base:
    """An almost empty base, with one person and a little content."""

    def __init__(self, airtable: AirtableServer) -> None:
        self.control = airtable.control
        self.user = self.person("An")
        self.method = self.control.create("Methodes", {"Methode Naam": "Adem", "Punten waarde": 8})
        self.habit = self.control.create("Goede gewoontes", {"Name": "Water"})
        self.belief = self.control.create("Overtuigingen", {"Name": "Ik mag rusten"})

    def person(self, name: str) -> str:
        fields = {"Naam": name, "E-mailadres": f"{name.lower()}@voorbeeld.test"}
        return self.control.create("Gebruikers", fields)

    def program(self, **cells: Any) -> str:
        fields = {"Gebruiker": [self.user], "Startdatum": "2026-01-05", **cells}
        return self.control.create(PROGRAMS, fields)

    def tick(self, day: str = "2026-03-02", **cells: Any) -> str:
        fields = {"Gebruikers": [self.user], "Goede gewoontes": [self.habit], "Datum": day}
        return self.control.create(HABITS, fields | cells)


@pytest.fixture
def base(airtable: AirtableServer) -> Base:
    return Base(airtable)


async def test_everything_of_the_demo_base_arrives_and_a_second_time_changes_nothing(
    ctx: Context, demo: AirtableServer
) -> None:
    outcomes = await import_everything(ctx)
    for kind, outcome in outcomes.items():
        count = demo.control.count(ENTITIES[kind].table.title)
        assert (outcome.inserted, outcome.failed) == (count, 0), kind
        assert len(await rows(ctx, kind)) == count > 0
    before = await dump(ctx)
    for kind, outcome in (await import_everything(ctx)).items():
        assert outcome.unchanged == outcome.read == outcomes[kind].read
    assert await dump(ctx) == before


async def test_our_ids_are_those_the_records_carry(ctx: Context, demo: AirtableServer) -> None:
    await import_everything(ctx)
    for kind in ACTIVITIES:
        records = demo.control.records(ENTITIES[kind].table.title)
        carried = {record["fields"]["App ID"]: record["id"] for record in records}
        links = await ctx.db.fetch(
            "SELECT entity_id, airtable_record_id FROM airtable_links WHERE entity_type = $1", kind
        )
        assert {row["entity_id"]: row["airtable_record_id"] for row in links} == carried
        assert {str(row["id"]) for row in await rows(ctx, kind)} == carried.keys()


@pytest.mark.parametrize(
    ("cells", "weeks", "label", "end"),
    [
        ({"Duur van programma": "4 weken"}, 4, "4 weken", "2026-02-01"),
        ({"Duur van programma": "binnenkort"}, 4, "binnenkort", "2026-02-01"),
        ({"Duur van programma": "0 weken"}, 1, "0 weken", "2026-01-11"),
        ({}, 4, "4 weken", "2026-02-01"),
    ],
)
async def test_weeks_and_end_of_a_program(
    ctx: Context, base: Base, cells: dict[str, Any], weeks: int, label: str, end: str
) -> None:
    base.program(**cells)
    await import_everything(ctx)
    [row] = await rows(ctx, E.PROGRAM)
    assert (row["duration_weeks"], row["duration_label"]) == (weeks, label)
    assert str(row["end_date"]) == end


async def test_what_a_program_lacks_is_made_up(ctx: Context, base: Base) -> None:
    base.program(**{"Programma naam": "<b>Rust</b>", "Behaalde Mijlpalen": '["25", 50, "33"]'})
    base.control.create(PROGRAMS, {"Gebruiker": [base.user]})
    base.control.create(PROGRAMS, {"Startdatum": "2026-01-05"})
    outcomes = await import_everything(ctx)
    assert (outcomes[E.PROGRAM].inserted, outcomes[E.PROGRAM].failed) == (1, 2)
    [row] = await rows(ctx, E.PROGRAM)
    assert (row["name"], row["creation_type"]) == ("bRust/b", "Manueel")
    assert row["status"] == "Afgewerkt"
    ledger = "SELECT ref, points, announced_at IS NOT NULL FROM reward_ledger ORDER BY id"
    told = [tuple(entry) for entry in await ctx.db.fetch(ledger)]
    assert told == [(f"{row['id']}:25", 0, True), (f"{row['id']}:50", 0, True)]


async def test_two_sessions_of_a_day_are_numbered_as_they_were_made(
    ctx: Context, base: Base
) -> None:
    program = base.program()
    made = [
        base.control.create(
            SESSIONS,
            {"Mentale Fitnessprogramma": [program], "Datum": "2026-01-05", "Opmerkingen": str(n)},
        )
        for n in range(3)
    ]
    base.control.create(SESSIONS, {"Datum": "2026-01-05"})
    outcomes = await import_everything(ctx)
    assert (outcomes[E.PROGRAM_SCHEDULE].inserted, outcomes[E.PROGRAM_SCHEDULE].failed) == (3, 1)
    found = {row["notes"]: row["sequence"] for row in await rows(ctx, E.PROGRAM_SCHEDULE)}
    records = {r["id"]: r["createdTime"] for r in base.control.records(SESSIONS)}
    order = sorted(made, key=lambda record_id: (records[record_id], record_id))
    assert found == {str(made.index(record_id)): n for n, record_id in enumerate(order, 1)}
    base.control.create(SESSIONS, {"Mentale Fitnessprogramma": [program], "Datum": "2026-01-05"})
    await import_activity(ctx, ACTIVITIES[E.PROGRAM_SCHEDULE])
    assert sorted(row["sequence"] for row in await rows(ctx, E.PROGRAM_SCHEDULE)) == [1, 2, 3, 4]


async def test_a_completed_method_takes_program_points_and_day(ctx: Context, base: Base) -> None:
    program = base.program()
    session = base.control.create(
        SESSIONS, {"Mentale Fitnessprogramma": [program], "Datum": "2026-01-05"}
    )
    common = {"Gebruiker": [base.user], "Methode": [base.method]}
    base.control.create("Methodegebruik", {**common, "Programmaplanning": [session]})
    base.control.create("Methodegebruik", {**common, PROGRAMS: [program]})
    base.control.create("Methodegebruik", {"Gebruiker": [base.user]})
    outcomes = await import_everything(ctx)
    assert (outcomes[E.METHOD_USAGE].inserted, outcomes[E.METHOD_USAGE].failed) == (2, 1)
    found = await rows(ctx, E.METHOD_USAGE)
    assert {row["session_id"] is None for row in found} == {True, False}
    assert len({row["program_id"] for row in found}) == 1
    assert {row["points"] for row in found} == {8}
    assert {row["completed_on"] for row in found} == {ctx.clock.now().date()}


async def test_somebody_elses_program_is_no_link(ctx: Context, base: Base) -> None:
    program = base.program(Gebruiker=[base.person("Bo")])
    base.control.create(
        "Methodegebruik",
        {
            "Gebruiker": [base.user],
            "Methode": [base.method],
            PROGRAMS: [program],
            "Gebruikt op": "2026-03-09",
        },
    )
    await import_everything(ctx)
    [row] = await rows(ctx, E.METHOD_USAGE)
    assert (row["program_id"], row["completed_on"]) == (None, date(2026, 3, 9))


async def test_of_two_equal_ticks_the_older_one_wins(ctx: Context, base: Base) -> None:
    base.tick()
    base.control.advance(5)
    base.tick()
    base.tick("2026-03-03")
    outcomes = await import_everything(ctx)
    ticks = outcomes[E.GOEDE_GEWOONTE_USAGE]
    assert (ticks.inserted, ticks.failed) == (2, 1)
    links = await ctx.db.fetch(
        "SELECT airtable_record_id AS id FROM airtable_links WHERE entity_type = $1",
        E.GOEDE_GEWOONTE_USAGE,
    )
    oldest = min(base.control.records(HABITS), key=lambda record: record["createdTime"])
    assert oldest["id"] in {row["id"] for row in links}


async def test_a_copied_record_is_no_second_row(ctx: Context, base: Base) -> None:
    carried = str(uuid4())
    goal = {"Naam": "Wandelen", "Gebruikers": [base.user], "App ID": carried}
    base.control.create("Persoonlijke doelen", goal)
    base.control.create("Persoonlijke doelen", goal)
    outcomes = await import_everything(ctx)
    assert (outcomes[E.PERSONAL_GOAL].inserted, outcomes[E.PERSONAL_GOAL].failed) == (1, 1)
    assert [str(row["id"]) for row in await rows(ctx, E.PERSONAL_GOAL)] == [carried]


async def test_goals_beliefs_and_their_completions(ctx: Context, base: Base) -> None:
    goal = base.control.create(
        "Persoonlijke doelen",
        {
            "Naam": "W" * 300,
            "Gebruikers": [base.user],
            "Planningdagen": "Vrijdag, maandag, Ooit",
            "Status": "Gearchiveerd",
        },
    )
    done = {"Persoonlijke doelen": [goal], "Datum": "2026-03-02"}
    base.control.create("Persoonlijk Doelgebruik", {**done, "Gebruikers": [base.user]})
    base.control.create("Persoonlijk Doelgebruik", {**done, "Gebruikers": [base.user]})
    base.control.create("Persoonlijk Doelgebruik", {**done, "Gebruikers": [base.person("Bo")]})
    base.control.create(
        BELIEFS, {"Gebruikers": [base.user], "Overtuigingen": [base.belief], "Datum": "2026-03-02"}
    )
    own = {"Name": "Ik kan dit", "Gebruikers": [base.user], "Status": "Afgerond"}
    base.control.create("Persoonlijke Overtuigingen", own)
    outcomes = await import_everything(ctx)
    [stored] = await rows(ctx, E.PERSONAL_GOAL)
    assert stored["schedule_days"] == ["Maandag", "Vrijdag"]
    assert (len(stored["name"]), stored["status"]) == (200, "Gearchiveerd")
    assert outcomes[E.PERSONAL_GOAL_USAGE].inserted == 2
    assert outcomes[E.PERSONAL_GOAL_USAGE].failed == 1
    [belief] = await rows(ctx, E.PERSOONLIJKE_OVERTUIGING)
    assert belief["completed_on"] == ctx.clock.now().date()
    ledger = await ctx.db.fetch("SELECT kind, ref, points FROM reward_ledger ORDER BY kind")
    assert [tuple(entry) for entry in ledger] == [
        ("belief", base.belief, 0),
        ("personal_belief", str(belief["id"]), 0),
    ]


@pytest.mark.parametrize("state", ["pending", "processing"])
async def test_I8_rows_with_an_unsent_change_or_sent_before_stay_as_they_are(
    ctx: Context, base: Base, state: str
) -> None:
    records = [
        base.control.create("Persoonlijke doelen", {"Naam": n, "Gebruikers": [base.user]})
        for n in ("vrij", "gewijzigd", "gezonden")
    ]
    await import_everything(ctx)
    ids = {row["name"]: row["id"] for row in await rows(ctx, E.PERSONAL_GOAL)}
    async with ctx.db.transaction() as tx:
        await enqueue(tx, [Event(entity_type=E.PERSONAL_GOAL, entity_id=ids["gewijzigd"])])
    await ctx.db.execute(
        "UPDATE outbox_events SET status = $1,"
        " lease_token = CASE $1 WHEN 'processing' THEN gen_random_uuid() END",
        state,
    )
    await ctx.db.execute(
        "UPDATE airtable_links SET pushed_at = now() WHERE entity_id = $1", str(ids["gezonden"])
    )
    for record in records:
        base.control.edit("Persoonlijke doelen", record, {"Naam": "van Airtable"})
    outcome = await import_activity(ctx, ACTIVITIES[E.PERSONAL_GOAL])
    assert (outcome.updated, outcome.unchanged) == (1, 2)
    names = {row["id"]: row["name"] for row in await rows(ctx, E.PERSONAL_GOAL)}
    assert names[ids["vrij"]] == "van Airtable"
    assert names[ids["gewijzigd"]] == "gewijzigd"
    assert names[ids["gezonden"]] == "gezonden"


async def test_I8_after_the_first_fill_postgres_owns_what_people_did(
    ctx: Context, base: Base
) -> None:
    goal = base.control.create("Persoonlijke doelen", {"Naam": "oud", "Gebruikers": [base.user]})
    await import_everything(ctx)
    await end_run(ctx.db, f"backfill:{E.PERSONAL_GOAL}")
    base.control.edit("Persoonlijke doelen", goal, {"Naam": "nieuw"})
    assert (await import_activity(ctx, ACTIVITIES[E.PERSONAL_GOAL])).updated == 0
    modes = dict(ctx.settings.backends) | {"PERSONAL_GOALS": Backend.AIRTABLE_ONLY}
    ctx.settings.backends.update(modes)  # type: ignore[attr-defined]  # a dict in tests
    assert (await import_activity(ctx, ACTIVITIES[E.PERSONAL_GOAL])).updated == 1
    [row] = await rows(ctx, E.PERSONAL_GOAL)
    assert row["name"] == "nieuw"


async def test_what_was_read_or_written_since_a_listing_began_is_not_missing_from_it(
    ctx: Context,
) -> None:
    began = await started(ctx.db)
    await ctx.db.execute(
        """INSERT INTO airtable_links (entity_type, entity_id, airtable_record_id,
                                       airtable_table_id, pulled_at, pushed_at)
           VALUES ('personal_goal', 'read', 'recGOAL0000000001', 'tblGoals', now(), NULL),
                  ('personal_goal', 'written', 'recGOAL0000000002', 'tblGoals', NULL, now()),
                  ('personal_goal', 'old', 'recGOAL0000000003', 'tblGoals', '2026-03-01', NULL)"""
    )
    missing = await missing_records(ctx.db, ACTIVITIES[E.PERSONAL_GOAL], [], began)
    assert missing == (["recGOAL0000000003"], 3)


async def test_I5_what_was_deleted_here_does_not_come_back(ctx: Context, base: Base) -> None:
    base.tick()
    await import_everything(ctx)
    [row] = await rows(ctx, E.GOEDE_GEWOONTE_USAGE)
    async with ctx.db.transaction() as tx:
        await tx.execute("DELETE FROM habit_completions")
        event = Event(entity_type=E.GOEDE_GEWOONTE_USAGE, entity_id=row["id"], operation="delete")
        await enqueue(tx, [event])
    outcome = await import_activity(ctx, ACTIVITIES[E.GOEDE_GEWOONTE_USAGE])
    assert (outcome.skipped, outcome.inserted) == (1, 0)


async def test_a_tick_made_here_meanwhile_is_the_record_of_that_day(
    ctx: Context, base: Base
) -> None:
    await import_everything(ctx)
    tick = await ctx.db.fetchval(
        """INSERT INTO habit_completions (user_id, habit_id, completed_on)
           VALUES ($1, $2, '2026-03-02') RETURNING id""",
        base.user,
        base.habit,
    )
    record = base.tick()
    await import_activity(ctx, ACTIVITIES[E.GOEDE_GEWOONTE_USAGE])
    link = "SELECT airtable_record_id FROM airtable_links WHERE entity_id = $1"
    assert await ctx.db.fetchval(link, str(tick)) == record
    assert len(await rows(ctx, E.GOEDE_GEWOONTE_USAGE)) == 1


async def test_without_the_right_to_see_the_schema_the_ids_are_found_all_the_same(
    ctx: Context, demo: AirtableServer
) -> None:
    demo.control.scopes(["data.records:read", "data.records:write"])
    await import_everything(ctx)
    carried = {r["fields"]["App ID"] for r in demo.control.records("Persoonlijke doelen")}
    assert {str(row["id"]) for row in await rows(ctx, E.PERSONAL_GOAL)} == carried


async def test_a_table_without_the_field_is_read_all_the_same(ctx: Context, base: Base) -> None:
    base.tick()
    base.control.drop_field(HABITS, "App ID")
    outcomes = await import_everything(ctx)
    assert outcomes[E.GOEDE_GEWOONTE_USAGE].inserted == 1
