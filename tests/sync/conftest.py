"""The sending half against the stand-in, with one person and some content on both sides."""

from collections.abc import AsyncIterator, Iterator

import pytest

from api._lib.airtable.gateway import Gateway
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.airtable import airtable_environ
from tests.sync.world import World
from tests.sync.zygote import Zygote, zygote

__all__ = ["airtable_environ"]


@pytest.fixture(scope="session")
def worker_source() -> Iterator[Zygote]:
    """What forks workers; each test process has its own."""
    with zygote() as source:
        yield source


@pytest.fixture
def workers(worker_source: Zygote, database_url: str, redis_url: str) -> Iterator[Zygote]:
    """Workers that start within milliseconds; none outlives the test and its servers."""
    yield worker_source
    worker_source.kill_all()


@pytest.fixture
def settings(airtable_environ: dict[str, str]) -> Settings:
    """Settings of a worker that talks to the stand-in."""
    return load_settings(airtable_environ, Role.WORKER)


@pytest.fixture
async def gateway(settings: Settings, cache: Cache, db: Database) -> AsyncIterator[Gateway]:
    """The way to the stand-in."""
    opened = Gateway(settings, cache, db)
    yield opened
    await opened.close()


@pytest.fixture
async def outbound(settings: Settings, db: Database, gateway: Gateway) -> AsyncIterator[Outbound]:
    """The sending half of one worker."""
    running = Outbound(db, gateway, settings, "worker-1")
    yield running
    running.stop()


@pytest.fixture
async def world(db: Database, airtable: AirtableServer, settings: Settings) -> World:
    """People and content that exist on both sides, and ways to change what is ours."""
    made = World(db, airtable, settings)
    await made.begin()
    return made
