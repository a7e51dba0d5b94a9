"""What the migration tool refuses before it runs anything."""

from pathlib import Path

import pytest

from tasks.db.files import RefusedError, read_folder
from tests.tasks.migrations import FIRST, ROOT, Tool

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


async def test_up_to_an_unknown_number_is_refused(two: Tool) -> None:
    refused = await two.run("up", "--to", "0009")
    assert refused.code == 2
    assert "no number 0009" in refused.err
    assert await two.tables() == []


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
