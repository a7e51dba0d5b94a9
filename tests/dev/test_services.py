"""The servers of the local stack and of the tests themselves."""

import asyncpg
import redis as redis_client

from tasks.dev.services import Postgres, Redis
from tests.databases import Databases

COMPANY = "rec00000000000001"


async def test_postgres_is_of_the_version_we_deploy(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    assert (await connection.fetchval("SHOW server_version")).startswith("16.")
    await connection.close()


async def test_each_test_has_a_database_of_its_own(
    database_url: str, empty_database_url: str
) -> None:
    assert database_url != empty_database_url


async def test_a_used_database_comes_back_empty_and_with_the_schema_it_had(
    databases: Databases, postgres: Postgres
) -> None:
    name = databases.borrow()
    connection = await asyncpg.connect(postgres.url(name))
    await connection.execute("insert into companies (id, name) values ($1, 'De Linde')", COMPANY)
    await connection.execute("begin; lock table companies")
    databases.give_back(name)
    assert connection.is_closed() or not await reachable(connection)
    assert databases.borrow() == name
    again = await asyncpg.connect(postgres.url(name))
    assert await again.fetchval("select count(*) from companies") == 0
    await again.execute("drop table companies cascade")
    await again.close()
    databases.give_back(name)
    assert databases.borrow() != name


async def reachable(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    try:
        await connection.execute("select 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
    return True


async def test_postgres_refuses_a_wrong_password(postgres: Postgres) -> None:
    url = postgres.url("postgres").replace(postgres.password, "wrong")
    try:
        await asyncpg.connect(url)
    except asyncpg.InvalidPasswordError:
        return
    raise AssertionError("a wrong password was accepted")


async def test_postgres_keeps_committed_rows_and_its_port_when_killed(
    postgres: Postgres, empty_database_url: str
) -> None:
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("CREATE TABLE t AS SELECT 7 AS n")
    postgres.kill()
    postgres.start()
    again = await asyncpg.connect(empty_database_url)
    assert await again.fetchval("SELECT n FROM t") == 7
    await again.close()


def test_redis_is_empty_after_a_flush_and_keeps_its_port_when_killed(
    redis: Redis, redis_url: str
) -> None:
    client = redis_client.Redis.from_url(redis_url)
    client.set("a", "b")
    redis.kill()
    redis.start()
    assert client.ping()
    client.set("a", "b")
    redis.flush()
    assert client.keys() == []
    client.close()
