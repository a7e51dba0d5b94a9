"""What the migration tool tells and leaves when a migration fails."""

from tests.tasks.migrations import Tool


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


async def test_a_failed_file_outside_a_transaction_is_not_recorded(two: Tool) -> None:
    two.write(n0003_index="-- migrate: no-transaction\ncreate index concurrently on nowhere (id);")
    failed = await two.run()
    assert failed.code == 1
    assert "failed 0003_index.sql line 2" in failed.err
    assert len(await two.fetch("select 1 from schema_migrations")) == 2
