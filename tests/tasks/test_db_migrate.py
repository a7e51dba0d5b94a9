"""`python tasks/db_migrate.py`, run against a real Postgres."""

import asyncio
import hashlib
import signal
from pathlib import Path

import asyncpg
import pytest

from tasks.db.files import RefusedError, read_folder
from tasks.db.runner import LOCK_KEY
from tests.tasks.migrations import ROOT, Tool, finished

FIRST = "create table first (id int primary key);\n"
SECOND = "create table second (id int references first);\ncreate index on second (id);\n"
CONTROL = (
    "commit", "BEGIN", "start transaction", "rollback", "savepoint a", "end", "abort",
    "release savepoint a", "prepare transaction 'x'",
)  # fmt: skip
WRONG_NAMES = (
    ("3_third.sql", "must look like"),
    ("0003-third.sql", "must look like"),
    ("0003_Third.sql", "must look like"),
    ("0003_third.SQL", "must look like"),
    ("0003_.sql", "must look like"),
    ("0002_other.sql", "0002 is used twice"),
    ("0004_fourth.sql", "0003 is missing"),
)


@pytest.fixture
def two(tool: Tool) -> Tool:
    """The tool with two files."""
    tool.write(n0001_first=FIRST, n0002_second=SECOND)
    return tool


async def sleeping(tool: Tool) -> None:
    """Wait until the running file sleeps in the database."""
    async with asyncio.timeout(30):
        while not await tool.fetch(
            "select 1 from pg_stat_activity where query like '%pg_sleep(60)%' "
            "and pid <> pg_backend_pid() and datname = current_database()"
        ):
            await asyncio.sleep(0.02)


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


async def test_up_to_an_unknown_number_is_refused(two: Tool) -> None:
    refused = await two.run("up", "--to", "0009")
    assert refused.code == 2
    assert "no number 0009" in refused.err
    assert await two.tables() == []


async def test_the_files_of_the_project_can_be_tried_and_applied(
    tool: Tool,
) -> None:
    tool.folder = ROOT / "tasks" / "db" / "migrations"
    rehearsed = await tool.run("plan", "--execute-and-rollback")
    assert rehearsed.code == 0
    assert await tool.tables() == []
    assert (await tool.run()).code == 0
    assert (await tool.run("status", "--check")).code == 0


async def test_two_runners_at_once_apply_each_file_once(tool: Tool) -> None:
    for number in range(1, 6):
        tool.write(
            **{f"n{number:04}_step": f"create table t{number} (id int); select pg_sleep(.1)"}
        )
    runs = [await tool.start() for _ in range(2)]
    results = [await finished(run) for run in runs]
    assert [result.code for result in results] == [0, 0]
    applied = [line for result in results for line in result.lines if line.startswith("done")]
    assert len(applied) == 5
    assert len(await tool.fetch("select 1 from schema_migrations")) == 5


async def test_a_runner_waits_for_the_lock_only_as_long_as_it_may(two: Tool) -> None:
    holder = await asyncpg.connect(two.url)
    await holder.execute(f"select pg_advisory_lock({LOCK_KEY})")
    blocked = await two.run("--lock-wait", "1")
    assert blocked.code == 3
    assert "another run is still active" in blocked.err
    assert await two.tables() == []
    waiting = await two.start()
    await holder.close()
    assert (await finished(waiting)).code == 0
    assert await two.tables() == ["first", "schema_migrations", "second"]


async def test_status_and_plan_need_no_lock(two: Tool) -> None:
    holder = await asyncpg.connect(two.url)
    await holder.execute(f"select pg_advisory_lock({LOCK_KEY})")
    assert (await two.run("status")).code == 0
    assert (await two.run("plan")).code == 0
    await holder.close()


async def test_a_killed_runner_leaves_no_lock_and_no_half_file(two: Tool) -> None:
    two.write(n0003_slow="create table third (id int); select pg_sleep(60);")
    run = await two.start()
    await sleeping(two)
    run.kill()
    await finished(run)
    await two.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'mfa-migrate' and datname = current_database()"
    )
    two.write(n0003_slow="create table third (id int);")
    assert (await two.run("--lock-wait", "10")).code == 0
    assert await two.tables() == ["first", "schema_migrations", "second", "third"]


async def test_an_interrupted_runner_takes_its_file_back_and_says_so(two: Tool) -> None:
    two.write(n0003_slow="create table third (id int); select pg_sleep(60);")
    run = await two.start()
    await sleeping(two)
    run.send_signal(signal.SIGINT)
    interrupted = await finished(run)
    assert interrupted.code == 130
    assert interrupted.err == "[db:migrate] interrupted\n"
    assert await two.tables() == ["first", "schema_migrations", "second"]
    two.write(n0003_slow="create table third (id int);")
    assert (await two.run("--lock-wait", "5")).code == 0


async def test_a_changed_file_is_refused(two: Tool) -> None:
    await two.run()
    two.write(
        n0001_first=FIRST + "-- a later thought\n", n0003_third="create table third (id int);"
    )
    refused = await two.run()
    assert refused.code == 2
    assert "0001_first.sql: changed after it was applied" in refused.err
    assert "third" not in await two.tables()
    shown = await two.run("status", "--json")
    assert shown.document["changed"] == ["0001_first.sql"]
    assert (await two.run("status", "--check")).code == 2


async def test_other_line_ends_are_no_change(two: Tool) -> None:
    await two.run()
    (two.folder / "0001_first.sql").write_bytes(FIRST.replace("\n", "\r\n").encode())
    assert (await two.run()).code == 0


async def test_an_applied_file_that_is_missing_is_refused(two: Tool) -> None:
    await two.run()
    (two.folder / "0002_second.sql").unlink()
    refused = await two.run()
    assert refused.code == 2
    assert "0002_second.sql: applied, but the file is missing" in refused.err
    assert (await two.run("status", "--json")).document["missing"] == ["0002_second.sql"]


async def test_a_file_below_the_newest_applied_one_needs_permission(two: Tool) -> None:
    await two.run()
    await two.execute("drop table second; delete from schema_migrations where id < '0002'")
    await two.execute("drop table first")
    refused = await two.run()
    assert refused.code == 2
    assert "0001_first.sql: not applied, but 0002 already is" in refused.err
    assert (await two.run("plan")).code == 2
    assert (await two.run("--allow-out-of-order")).code == 0
    assert await two.tables() == ["first", "schema_migrations"]


async def test_a_failing_statement_takes_back_its_file_and_keeps_the_earlier_ones(
    two: Tool,
) -> None:
    two.write(
        n0002_second="create table second (id int);\n\n"
        "insert into second\n  values ('éé', 1, x);\n",
        n0003_third="create table third (id int);",
    )
    failed = await two.run()
    assert failed.code == 1
    assert await two.tables() == ["first", "schema_migrations"]
    assert await two.fetch("select id from schema_migrations") == [("0001_first.sql",)]
    assert "failed 0002_second.sql line 4 column 20: 42703" in failed.err
    assert "text: values ('éé', 1, x);" in failed.err
    document = (await two.run("--json")).document
    assert document["exitCode"] == 1
    assert document["failure"]["file"] == "0002_second.sql"
    assert document["failure"]["sqlstate"] == "42703"
    assert (document["failure"]["line"], document["failure"]["column"]) == (4, 20)
    assert document["pending"] == ["0002_second.sql", "0003_third.sql"]


async def test_an_error_without_position_names_its_statement_and_its_detail(two: Tool) -> None:
    two.write(
        n0002_second="-- twice\ninsert into first values (1);\n"
        "/* again */ insert into first values (1);"
    )
    failed = await two.run()
    assert failed.code == 1
    assert "failed 0002_second.sql line 3 column 13: 23505 duplicate key" in failed.err
    assert "detail: Key (id)=(1) already exists." in failed.err


async def test_an_error_at_the_commit_takes_back_the_file(two: Tool) -> None:
    two.write(
        n0002_second="create table second (id int references first deferrable initially deferred);"
        "insert into second values (1);"
    )
    failed = await two.run()
    assert failed.code == 1
    assert "failed 0002_second.sql: 23503" in failed.err
    assert await two.tables() == ["first", "schema_migrations"]


async def test_a_statement_that_takes_too_long_is_ended(two: Tool) -> None:
    two.write(n0003_slow="select pg_sleep(60);")
    failed = await two.run("--statement-timeout", "1")
    assert failed.code == 1
    assert "failed 0003_slow.sql line 1 column 1: 57014" in failed.err


async def test_a_connection_lost_in_the_middle_is_told_where_it_happened(two: Tool) -> None:
    two.write(n0003_cut="select 1;\nselect pg_terminate_backend(pg_backend_pid());")
    failed = await two.run()
    assert failed.code == 1
    assert "failed 0003_cut.sql line 2 column 1: " in failed.err
    assert "connection was closed" in failed.err


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


async def test_a_file_outside_a_transaction_holds_one_statement(two: Tool) -> None:
    build = "-- migrate: no-transaction\ncreate index concurrently first_id on first (id);\n"
    two.write(n0003_index=build)
    assert "not tried 0003_index.sql" in (await two.run("plan", "--execute-and-rollback")).out
    assert (await two.run()).code == 0
    assert await two.fetch("select 1 from pg_indexes where indexname = 'first_id'") == [(1,)]
    assert ("0003_index.sql",) in await two.fetch("select id from schema_migrations")
    two.write(n0004_index=build.replace("first_id", "again") + "select 1;")
    refused = await two.run()
    assert refused.code == 2
    assert "0004_index.sql: without a transaction there must be one statement" in refused.err


async def test_a_failed_file_outside_a_transaction_is_not_recorded(two: Tool) -> None:
    two.write(n0003_index="-- migrate: no-transaction\ncreate index concurrently on nowhere (id);")
    failed = await two.run()
    assert failed.code == 1
    assert "failed 0003_index.sql line 2" in failed.err
    assert len(await two.fetch("select 1 from schema_migrations")) == 2


async def test_two_runners_build_an_index_concurrently_without_waiting_for_each_other(
    two: Tool,
) -> None:
    two.write(n0003_index="-- migrate: no-transaction\ncreate index concurrently i on first (id);")
    runs = [await two.start() for _ in range(2)]
    async with asyncio.timeout(50):
        assert [(await finished(run)).code for run in runs] == [0, 0]


async def test_transaction_control_is_refused_before_anything_runs(two: Tool) -> None:
    for statement in CONTROL:
        two.write(n0003_third=f"create table third (id int); /* why? */ {statement};")
        with pytest.raises(RefusedError, match=r"0003_third\.sql: .* would break the transaction"):
            read_folder(two.folder)
    refused = await two.run()
    assert refused.code == 2
    assert "0003_third.sql" in refused.err
    assert await two.tables() == []


def test_wrong_file_names_are_refused(tmp_path: Path) -> None:
    for name in ("0001_first.sql", "0002_second.sql"):
        (tmp_path / name).write_text("select 1;")
    assert len(read_folder(tmp_path)) == 2
    for name, words in WRONG_NAMES:
        (tmp_path / name).write_text("select 1;")
        with pytest.raises(RefusedError, match=words):
            read_folder(tmp_path)
        (tmp_path / name).unlink()


async def test_a_wrong_file_name_ends_every_command_with_code_2(two: Tool) -> None:
    (two.folder / "3_third.sql").write_text("select 1;")
    for command in ("up", "status", "plan"):
        refused = await two.run(command)
        assert refused.code == 2
        assert "3_third.sql: the name must look like" in refused.err
    assert await two.tables() == []


async def test_other_files_in_the_folder_are_no_migrations(two: Tool) -> None:
    (two.folder / "README.md").write_text("notes")
    assert (await two.run()).code == 0


async def test_a_file_that_is_not_utf8_is_refused(two: Tool) -> None:
    (two.folder / "0003_third.sql").write_bytes(b"-- caf\xe9\n")
    refused = await two.run()
    assert refused.code == 2
    assert "0003_third.sql: is not UTF-8" in refused.err


async def test_a_missing_folder_is_refused(two: Tool) -> None:
    assert (await two.run("--migrations", str(two.folder))).code == 0
    two.folder = two.folder / "nowhere"
    assert (await two.run()).code == 2


async def test_wrong_arguments_end_with_code_4(two: Tool) -> None:
    for arguments in (
        ("down",),
        ("up", "--check"),
        ("up", "--execute-and-rollback"),
        ("status", "--to", "1"),
        ("--to", "zero"),
        ("--to", "0"),
        ("--lock-wait", "-1"),
        ("--statement-timeout", "0"),
    ):
        assert (await two.run(*arguments)).code == 4, arguments
    assert (await two.run("--help")).code == 0
    assert await two.tables() == []


async def test_every_migration_file_of_the_project_is_allowed() -> None:
    migrations = read_folder(ROOT / "tasks" / "db" / "migrations")
    assert [migration.number for migration in migrations] == list(range(1, len(migrations) + 1))
