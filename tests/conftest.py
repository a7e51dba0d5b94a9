"""What every test may ask for: real servers, a migrated database of its own, settings, a clock."""

import asyncio
import gc
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, is_hypothesis_test
from hypothesis import settings as hypothesis_settings

from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.services import FLEETING, Postgres, Redis
from tests.databases import Databases
from tests.pooler import BOTH_WAYS, Pooler
from tests.scale import scaled

if TYPE_CHECKING:
    from api._lib.cache import Cache
    from api._lib.clock import ManualClock
    from api._lib.db import Database
    from api._lib.settings import Settings
    from tests.pools import Pools

ROOT = Path(__file__).parent.parent
TEMPLATE = "migrated"
MORNING = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)

# The same examples in every run, and no verdict about the speed of the machine.
hypothesis_settings.register_profile(
    "project",
    deadline=None,
    derandomize=True,
    max_examples=scaled(15, soak=1_000),
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("project")

# A shell that runs the tests in the background has them ignore Ctrl-C, and what they start too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Two test processes a core: half of the time a test waits for a server it started."""
    return min(8, 2 * (os.cpu_count() or 1))


# Thousands of collected tests are no garbage: looking through them again and again costs a tenth.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on only what the tests make is looked through."""
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--pooler` runs any tests with a pooler in transaction mode before Postgres."""
    parser.addoption("--pooler", action="store_true", help="put PgBouncer before Postgres")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Some tests run with and without a pooler."""
    name = f"{metafunc.module.__name__}."
    if "pooler" in metafunc.fixturenames and name.startswith(tuple(f"{n}." for n in BOTH_WAYS)):
        pooled = pytest.param(True, id="pooled", marks=pytest.mark.soak)
        metafunc.parametrize("pooler", [pytest.param(False, id="direct"), pooled], indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Properties have a full size as well."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.soak)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server with a migrated template; each test process has its own."""
    # Tests that make a deadlock wait until it is looked for.
    options = FLEETING | {"deadlock_timeout": "100ms"}
    server = Postgres(tmp_path_factory.mktemp("postgres"), options=options)
    server.start()
    server.run(f"CREATE DATABASE {TEMPLATE}")
    migrate(server)
    yield server
    server.kill()
    shutil.rmtree(server.folder)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis server; each test process has its own."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Databases]:
    """Databases of this test process."""
    made = Databases(postgres, TEMPLATE)
    yield made
    made.close()


@pytest.fixture(scope="session")
async def pools(postgres: Postgres) -> "AsyncIterator[Pools]":
    """Sessions of this test process."""
    from tests.pools import Pools

    made = Pools()
    yield made
    made.close()


@pytest.fixture(autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    """What a test started in the common event loop ends with the test."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@pytest.fixture
def empty_database_url(postgres: Postgres, databases: Databases) -> str:
    """An empty database of the test's own."""
    return postgres.url(databases.empty())


@pytest.fixture
def database_url(postgres: Postgres, databases: Databases) -> Iterator[str]:
    """A migrated database without rows, of the test's own."""
    name = databases.borrow()
    yield postgres.url(name)
    databases.give_back(name)


@pytest.fixture
def redis_url(redis: Redis) -> str:
    """A Redis that remembers nothing of other tests."""
    redis.start()
    redis.flush()
    return redis.url()


@pytest.fixture(scope="session")
def airtable_server() -> Iterator[AirtableServer]:
    """A local Airtable; each test process has its own."""
    with AirtableServer() as server:
        yield server


@pytest.fixture
def airtable(airtable_server: AirtableServer) -> AirtableServer:
    """An empty base with the full schema, without rate limit unless the test turns it on."""
    airtable_server.control.reset()
    return airtable_server


@pytest.fixture(scope="session")
def pooler(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pooler | None]:
    """What stands between the code and Postgres, when the test or the run asks for it."""
    if not getattr(request, "param", request.config.getoption("--pooler")):
        yield None
        return
    with Pooler(postgres, tmp_path_factory.mktemp("pooler")) as running:
        yield running


@pytest.fixture
def environ(database_url: str, redis_url: str, pooler: Pooler | None) -> dict[str, str]:
    """The environment of a process under test; Airtable and the others are added by their tests."""
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return coverage | {
        "APP_ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_SECRET": "a secret of the tests, long enough to sign with",
        "AIRTABLE_ACCESS_TOKEN": "pat.test",
        "AIRTABLE_BASE_ID": "appTestTestTest00",
        "AIRTABLE_ENDPOINT_URL": "http://127.0.0.1:9",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "PUSH_NOTIFICATIONS_TEST_MODE": "true",
        **(pooler.environ(database_url) if pooler else {}),
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> "Settings":
    """Settings of the server under test."""
    from api._lib.settings import Role
    from api._lib.settings_loader import load_settings

    return load_settings(environ, Role.APP)


@pytest.fixture
async def db(settings: "Settings", pools: "Pools") -> "AsyncIterator[Database]":
    """The open database."""
    async with pools.database(settings, use="test") as database:
        yield database


@pytest.fixture
async def cache(settings: "Settings") -> "AsyncIterator[Cache]":
    """The open cache."""
    from api._lib.cache import Cache

    opened = Cache.connect(settings.redis_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> "ManualClock":
    """A clock that stands at a Wednesday morning until the test moves it."""
    from api._lib.clock import ManualClock

    return ManualClock(MORNING)


def migrate(server: Postgres) -> None:
    """Bring the template to the newest schema, by the program operators use."""
    runner = ROOT / "tasks" / "db_migrate.py"
    if runner.exists():
        environ = {"DATABASE_URL": server.url(TEMPLATE), "PYTHONPATH": str(ROOT)}
        run([sys.executable, str(runner)], env=environ, cwd=ROOT, check=True, capture_output=True)
        return
    for script in sorted((ROOT / "tasks" / "db" / "migrations").glob("*.sql")):
        server.run(database=TEMPLATE, script=script)
