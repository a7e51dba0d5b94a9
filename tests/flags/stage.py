"""Both stores with the same content and people, and the server in whatever mode a test asks for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from msgspec import Struct

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.context import Context, open_resources
from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from api._lib.sync.inbound import filling
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.asking import Asking
from tests.flags import content
from tests.people import Person, add_person
from tests.pools import Pools

FLAGS = (
    "PROGRAMS",
    "HABIT_USAGE",
    "METHOD_USAGE",
    "PERSONAL_GOAL_USAGE",
    "OVERTUIGING_USAGE",
    "REWARDS",
    "METHODS",
    "OVERTUIGINGEN",
    "PERSONAL_GOALS",
)


class Server(Struct):
    """A running server, and people who call it."""

    app: App
    ann: Asking
    bob: Asking

    @property
    def ctx(self) -> Context:
        """A context as a job has it."""
        assert self.app.resources is not None
        return Context(self.app.resources)

    async def settle(self) -> None:
        """Wait for what goes on after answers, then send everything that waits."""
        assert self.app.resources is not None
        resources = self.app.resources
        await resources.background.drain(10)
        outbound = Outbound(resources.db, resources.airtable, resources.settings, "worker-1")
        await outbound.drain()
        outbound.stop()


class Stage:
    """Two stores of their own, and servers on them, one after the other."""

    def __init__(
        self,
        environ: dict[str, str],
        db: Database,
        airtable: AirtableServer,
        clock: ManualClock,
        pools: Pools,
    ) -> None:
        self.db = db
        self.airtable = airtable
        self._environ = environ
        self._clock = clock
        self._pools = pools
        self._people: list[Person] = []

    async def set_up(self) -> None:
        """Content and people in Airtable, and the first fill of Postgres from there."""
        self.airtable.control.load(content.records(), content.VIEWS)
        for table, hidden in content.HIDDEN.items():
            self.airtable.control.hide(table, "App", hidden)
        self._people = [await self._person() for _ in range(2)]
        await self.fill()

    async def fill(self) -> None:
        """Fill Postgres from Airtable, as the operator's task does."""
        settings = load_settings(self.environ, Role.TASK)
        async with (
            self._pools.database(settings, "mfa-task") as database,
            open_resources(settings, "mfa-task", self._clock, database=database) as resources,
        ):
            ctx = Context(resources)
            for step in filling.steps(ctx, patience=5.0):
                await filling.fill(ctx, step, lambda done, total: None)

    async def _person(self) -> Person:
        secret = self._environ["JWT_SECRET"]
        person = await add_person(self.db, secret, self._clock.now())
        fields = {"Naam": "An Voorbeeld", "E-mailadres": person.email, "Taalcode": "nl"}
        self.airtable.control.load({"Gebruikers": [{"id": person.id, "fields": fields}]})
        return person

    @property
    def environ(self) -> dict[str, str]:
        """What a process on this stage is told."""
        return self._environ | self.airtable.environ | {"AIRTABLE_MIN_INTERVAL_MS": "1"}

    @asynccontextmanager
    async def server(
        self, mode: str = "postgres_primary", extra: dict[str, str] | None = None, **flags: str
    ) -> AsyncIterator[Server]:
        """A server with all flags in a mode but those named."""
        modes = dict.fromkeys(FLAGS, mode) | flags
        environ = self.environ
        environ |= {f"DATA_BACKEND_{flag}": value for flag, value in modes.items()}
        settings = load_settings(environ | (extra or {}), Role.APP)
        app = App(settings, clock=self._clock)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(self._pools.database(settings))
            await stack.enter_async_context(app.running(database))
            client = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://mfa.test")
            )
            ann, bob = (Asking(client, person) for person in self._people)
            yield Server(app, ann, bob)
