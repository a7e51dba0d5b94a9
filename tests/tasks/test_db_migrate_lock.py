"""Several runs of the migration tool at once, and runs that end too early."""

import asyncio
import signal

import asyncpg

from tasks.db.runner import LOCK_KEY
from tests.tasks.migrations import Tool, finished, sleeping


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


async def test_two_runners_build_an_index_concurrently_without_waiting_for_each_other(
    two: Tool,
) -> None:
    two.write(n0003_index="-- migrate: no-transaction\ncreate index concurrently i on first (id);")
    runs = [await two.start() for _ in range(2)]
    async with asyncio.timeout(50):
        assert [(await finished(run)).code for run in runs] == [0, 0]
