"""Shadow read: Postgres serves, Airtable stands in and is compared, and nobody notices."""

import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import pytest

from api._lib import metrics
from api._lib.switching import shadow
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as library

GOALS, TICKS = "Persoonlijke doelen", "Goede gewoontes gebruik"
TODAY = "2026-03-04"
SECRET = "Geheim doel"
ALWAYS = {"DATA_BACKEND_SHADOW_SAMPLE_RATE": "1"}
NEVER = {"DATA_BACKEND_SHADOW_SAMPLE_RATE": "0"}


def shadowing(
    stage: Stage, extra: Mapping[str, str] = ALWAYS
) -> AbstractAsyncContextManager[Server]:
    return stage.server("postgres_shadow_read", dict(extra))


def figure(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"shadow_{name}_total", labels) or 0.0


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.getMessage() == event]


async def background(server: Server) -> None:
    """Wait for what goes on after answers."""
    assert server.app.resources is not None
    await server.app.resources.background.drain(20)


async def test_F1_the_answer_is_postgres_whatever_airtable_says_and_they_are_compared(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Sync F1: one store answers; the other is looked at afterwards, and told in one line."""
    compared = figure("compared", entity="PERSONAL_GOALS")
    differing = figure("diff", entity="PERSONAL_GOALS", kind="field")
    async with shadowing(stage) as server:
        made = await server.ann.post("personal-goals", name=SECRET)
        await server.settle()
        [record] = stage.airtable.control.records(GOALS)
        stage.airtable.control.edit(GOALS, record["id"], {"Naam": "Anders in Airtable"})
        listed = await server.ann.get("personal-goals")
        assert [goal["name"] for goal in listed.data] == [SECRET]
        await background(server)
    [line] = lines(caplog, "shadow_diff")
    facts = line.__dict__
    assert (facts["entity"], facts["endpoint"]) == ("PERSONAL_GOALS", "list")
    assert facts["field_diffs"] == [{"id": made.data["id"], "field": "name"}]
    assert facts["missing_in_pg"] == facts["missing_in_airtable"] == []
    assert facts["latency_pg_ms"] >= 0
    assert facts["latency_at_ms"] >= 0
    assert server.ann.id not in facts["user_hash"]
    assert not [word for word in (SECRET, "Anders", server.ann.id) if word in str(facts)]
    assert figure("compared", entity="PERSONAL_GOALS") == compared + 1
    assert figure("diff", entity="PERSONAL_GOALS", kind="field") == differing + 1


async def test_equal_answers_are_counted_and_leave_no_line(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    compared = figure("compared", entity="PERSONAL_GOALS")
    async with shadowing(stage) as server:
        for name in ("Lopen", "Lezen"):
            await server.ann.post("personal-goals", name=name, scheduleDays=["Maandag"])
        await server.settle()
        await server.ann.get("personal-goals")
        await background(server)
    assert figure("compared", entity="PERSONAL_GOALS") == compared + 1
    assert lines(caplog, "shadow_diff") == []


async def test_what_is_still_to_be_sent_is_no_difference(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with shadowing(stage) as server:
        await server.ann.post("personal-goals", name="Lopen")
        await server.ann.get("personal-goals")
        await background(server)
    assert lines(caplog, "shadow_diff") == []


async def test_records_of_one_side_are_named_by_side(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with shadowing(stage) as server:
        made = await server.ann.post("personal-goals", name="Lopen")
        await server.settle()
        [record] = stage.airtable.control.records(GOALS)
        stage.airtable.control.delete(GOALS, record["id"])
        fields = {"Naam": "Met de hand", "Gebruikers": [server.ann.id], "Status": "Actief"}
        by_hand = stage.airtable.control.create(GOALS, fields)
        await server.ann.get("personal-goals")
        await background(server)
    [line] = lines(caplog, "shadow_diff")
    assert line.__dict__["missing_in_airtable"] == [made.data["id"]]
    assert line.__dict__["missing_in_pg"] == [by_hand]


async def test_comparisons_are_a_sample_and_never_two_at_once(stage: Stage) -> None:
    async with shadowing(stage, NEVER) as server:
        stage.airtable.control.clear_requests()
        await server.ann.get("personal-goals")
        await background(server)
        assert stage.airtable.control.requests() == []
    compared = figure("compared", entity="PERSONAL_GOALS")
    async with shadowing(stage) as server:
        for _ in range(3):
            await server.ann.get("personal-goals")
            await background(server)
    assert figure("compared", entity="PERSONAL_GOALS") == compared + 1


async def test_an_airtable_that_hangs_delays_no_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "LONGEST_SECONDS", 0.3)
    failed = figure("error", entity="PERSONAL_GOALS")
    async with shadowing(stage) as server:
        await server.ann.post("personal-goals", name="Lopen")
        await server.settle()
        stage.airtable.control.fault(latency=1.0, count=0)
        listed = await server.ann.get("personal-goals")
        assert [goal["name"] for goal in listed.data] == ["Lopen"]
        assert figure("error", entity="PERSONAL_GOALS") == failed, "it was waited for"
        await background(server)
        assert figure("error", entity="PERSONAL_GOALS") == failed + 1


@pytest.mark.parametrize("trouble", [{"status": 503}, {"status": 422}, {"drop": True}])
async def test_an_airtable_that_fails_spoils_no_answer(
    stage: Stage, caplog: pytest.LogCaptureFixture, trouble: dict[str, object]
) -> None:
    failed = figure("error", entity="PERSONAL_GOALS")
    async with shadowing(stage) as server:
        await server.ann.post("personal-goals", name="Lopen")
        await server.settle()
        stage.airtable.control.fault(**trouble, count=0)
        assert (await server.ann.get("personal-goals")).status == 200
        await background(server)
    assert figure("error", entity="PERSONAL_GOALS") == failed + 1
    assert len(lines(caplog, "shadow_error")) == 1


async def test_F1_airtable_stands_in_while_postgres_fails(stage: Stage) -> None:
    """Sync F1: an error of Postgres is an answer of Airtable, not a 500."""
    async with shadowing(stage) as server:
        asked = {"goedeGewoonteId": library.WATER, "date": TODAY}
        await server.ann.post("habit-usage", userId=server.ann.id, **asked)
        await server.settle()
        await stage.db.execute("ALTER TABLE habit_completions RENAME TO away")
        try:
            answer = await server.ann.get("habit-usage", date=TODAY)
            await background(server)
        finally:
            await stage.db.execute("ALTER TABLE away RENAME TO habit_completions")
        assert (answer.status, answer.data) == (200, [library.WATER])


async def test_what_only_airtable_has_is_stored_before_the_first_fill(stage: Stage) -> None:
    ticks = "SELECT habit_id::text FROM habit_completions ORDER BY 1"
    await stage.db.execute("DELETE FROM sync_gates WHERE key = 'backfill:goede_gewoonte_usage'")
    async with shadowing(stage) as server:
        for owner, habit in ((server.ann.id, library.WATER), (server.bob.id, library.READ)):
            fields = {"Gebruikers": [owner], "Goede gewoontes": [habit], "Datum": TODAY}
            stage.airtable.control.create(TICKS, fields)
        answer = await server.ann.get("habit-usage", date=TODAY)
        assert answer.data == [library.WATER]
        assert [row["habit_id"] for row in await stage.db.fetch(ticks)] == [library.WATER]
        await background(server)


async def test_after_the_first_fill_records_made_by_hand_are_left_to_the_comparison(
    stage: Stage,
) -> None:
    async with shadowing(stage) as server:
        fields = {"Gebruikers": [server.ann.id], "Goede gewoontes": [library.WATER]}
        stage.airtable.control.create(TICKS, fields | {"Datum": TODAY})
        assert (await server.ann.get("habit-usage", date=TODAY)).data == []
        await background(server)
        assert await stage.db.fetchval("SELECT count(*) FROM habit_completions") == 0


async def test_F6_a_write_in_shadow_mode_reaches_both_stores(stage: Stage) -> None:
    """Sync F6: Postgres in the request, Airtable through the outbox of the same transaction."""
    async with shadowing(stage) as server:
        stage.airtable.control.clear_requests()
        await server.ann.post("personal-goals", name="Lopen")
        assert stage.airtable.control.requests() == []
        rows = await stage.db.fetch(
            """SELECT g.name, e.status FROM personal_goals AS g
               JOIN outbox_events AS e ON e.entity_id = g.id::text"""
        )
        assert [tuple(row) for row in rows] == [("Lopen", "pending")]
        await server.settle()
    [record] = stage.airtable.control.records(GOALS)
    assert record["fields"]["Naam"] == "Lopen"
