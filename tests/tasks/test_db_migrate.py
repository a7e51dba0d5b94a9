"""`python tasks/db_migrate.py`, run against a real Postgres."""

import hashlib

import pytest

from tests.tasks.migrations import FIRST, ROOT, SECOND, Tool


async def test_up_applies_every_file_in_order_and_records_it(two: Tool) -> None:
    done = await two.run(APP_VERSION="7.1")
    assert done.code == 0
    assert done.lines == [
        "apply 0001_first.sql",
        "done 0001_first.sql N ms",
        "apply 0002_second.sql",
        "done 0002_second.sql N ms",
        "N applied, N skipped",
    ]
    assert all(line.startswith("[db:migrate] ") for line in done.out.splitlines())
    rows = await two.fetch("select id, checksum, app_version from schema_migrations order by id")
    assert rows == [
        ("0001_first.sql", hashlib.sha256(FIRST.encode()).hexdigest(), "7.1"),
        ("0002_second.sql", hashlib.sha256(SECOND.encode()).hexdigest(), "7.1"),
    ]
    assert await two.fetch("select 1 from schema_migrations where duration_ms < 0") == []


async def test_up_a_second_time_skips_everything(two: Tool) -> None:
    await two.run()
    before = await two.fetch("select * from schema_migrations order by id")
    again = await two.run("up")
    assert again.code == 0
    assert again.lines == ["skip 0001_first.sql", "skip 0002_second.sql", "N applied, N skipped"]
    assert await two.fetch("select * from schema_migrations order by id") == before


async def test_up_to_a_number_stops_there_and_goes_on_later(two: Tool) -> None:
    assert (await two.run("up", "--to", "0001")).code == 0
    assert await two.tables() == ["first", "schema_migrations"]
    assert (await two.run("up")).code == 0
    assert await two.tables() == ["first", "schema_migrations", "second"]


async def test_the_files_of_the_project_can_be_tried_and_applied(
    tool: Tool,
) -> None:
    tool.folder = ROOT / "tasks" / "db" / "migrations"
    rehearsed = await tool.run("plan", "--execute-and-rollback")
    assert rehearsed.code == 0
    assert await tool.tables() == []
    assert (await tool.run()).code == 0
    assert (await tool.run("status", "--check")).code == 0


async def test_status_on_an_empty_database_writes_nothing(two: Tool) -> None:
    shown = await two.run("status")
    assert shown.code == 0
    assert shown.lines == [
        "pending 0001_first.sql",
        "pending 0002_second.sql",
        "N applied, N pending",
    ]
    assert await two.tables() == []


async def test_status_check_tells_by_its_exit_code_whether_anything_is_pending(two: Tool) -> None:
    assert (await two.run("status", "--check")).code == 10
    await two.run("--to", "1")
    assert (await two.run("status", "--check")).code == 10
    await two.run()
    assert (await two.run("status", "--check")).code == 0


async def test_status_as_json_carries_the_time_of_each_file(two: Tool) -> None:
    await two.run("--to", "1")
    document = (await two.run("status", "--json")).document
    [applied] = document["applied"]
    [(expected,)] = await two.fetch(
        "select to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
        "from schema_migrations"
    )
    assert applied == {"file": "0001_first.sql", "appliedAt": expected}
    assert document["pending"] == ["0002_second.sql"]


@pytest.mark.parametrize("arguments", [("plan",), ("--dry-run",), ("up", "--dry-run")])
async def test_plan_prints_what_would_run_and_runs_nothing(
    two: Tool, arguments: tuple[str, ...]
) -> None:
    planned = await two.run(*arguments, "--to", "1")
    assert planned.code == 0
    assert planned.lines == ["pending 0001_first.sql", "N would be applied"]
    assert await two.tables() == []


async def test_plan_with_execute_and_rollback_tries_everything_and_keeps_nothing(
    two: Tool,
) -> None:
    tried = await two.run("plan", "--execute-and-rollback", "--json")
    assert tried.code == 0
    assert [entry["file"] for entry in tried.document["rehearsed"]] == [
        "0001_first.sql",
        "0002_second.sql",
    ]
    assert await two.tables() == []
    two.write(n0002_second="create table second (id int references nowhere);")
    failed = await two.run("plan", "--execute-and-rollback")
    assert failed.code == 1
    assert "failed 0002_second.sql" in failed.err
    assert await two.tables() == []


async def test_foreign_rows_of_an_older_tool_stay_and_missing_columns_are_added(two: Tool) -> None:
    await two.execute(
        "create table schema_migrations (id text primary key, applied_at timestamptz not null);"
        "insert into schema_migrations values ('001_init.sql', '2025-01-02 03:04:05Z'),"
        "('018_first_active.sql', '2025-06-07 08:09:10Z')"
    )
    before = await two.fetch("select id, applied_at from schema_migrations order by id")
    assert (await two.run("status", "--json")).document["foreign"] == [
        "001_init.sql",
        "018_first_active.sql",
    ]
    done = await two.run()
    assert done.code == 0
    assert done.lines[:2] == ["foreign 001_init.sql", "foreign 018_first_active.sql"]
    assert await two.tables() == ["first", "schema_migrations", "second"]
    after = await two.fetch(
        "select id, applied_at from schema_migrations where checksum is null order by id"
    )
    assert after == before
    ours = await two.fetch("select id from schema_migrations where checksum is not null order by 1")
    assert ours == [("0001_first.sql",), ("0002_second.sql",)]
