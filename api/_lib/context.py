"""What a handler and a use case see: the resources of the process, the request, the user."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import cached_property
from typing import Any, overload
from uuid import UUID

from msgspec import Struct
from starlette.types import Scope

from api._lib.ai import AiClient
from api._lib.airtable.bridge import Bridge, BridgeBuilder
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.tables import Tables
from api._lib.airtable.turns import Turns
from api._lib.cache import Cache
from api._lib.client_address import caller
from api._lib.clock import Clock, SystemClock, local_day
from api._lib.db import Database
from api._lib.errors import forbidden
from api._lib.limits import Limits
from api._lib.mail import Mailer
from api._lib.messages import LANGUAGES, Language, preferred_language
from api._lib.push import PushSender
from api._lib.settings import Settings

log = logging.getLogger(__name__)


class Background:
    """Work that goes on after its answer was sent and is waited for at the stop."""

    def __init__(self) -> None:
        self.ends: float | None = None
        """When it must be done (monotonic), once the process has been told to stop."""
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work`; what it raises is logged."""
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        """Wait for what is running, at most `seconds` or until its end, then cancel the rest."""
        if self.ends is not None:
            seconds = max(0.0, self.ends - time.monotonic())
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()

    @staticmethod
    async def _guarded(work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception:
            log.exception("background work failed")


class Resources(Struct, frozen=True):
    """What the process holds open; made once, shared by all requests and jobs."""

    settings: Settings
    db: Database
    cache: Cache
    limits: Limits
    clock: Clock
    mail: Mailer
    ai: AiClient
    push: PushSender
    background: Background
    airtable: Gateway
    tables: Tables
    turns: Turns
    bridge: Bridge | None


@asynccontextmanager
async def open_resources(
    settings: Settings,
    name: str = "mfa-web",
    clock: Clock | None = None,
    bridge: BridgeBuilder | None = None,
    database: Database | None = None,
) -> AsyncIterator[Resources]:
    """Open everything a process needs, and close it in the right order.

    Without a bridge, nothing that lives in Airtable alone can be changed. A database that is given
    stays open.
    """
    db = database or await Database.connect(settings, name)
    cache = Cache.connect(settings.redis_url)
    background = Background()
    airtable = Gateway(settings, cache, db)
    ai, push = AiClient(settings), PushSender(settings)
    try:
        yield Resources(
            settings=settings,
            db=db,
            cache=cache,
            limits=Limits(cache, settings.rate_limit_factor),
            clock=clock or SystemClock(),
            mail=Mailer(settings),
            ai=ai,
            push=push,
            background=background,
            airtable=airtable,
            tables=Tables(airtable, cache, db),
            turns=Turns(cache),
            bridge=bridge(settings, db, airtable) if bridge else None,
        )
    finally:
        await background.drain(95 if settings.production else 5)
        await push.close()
        await ai.close()
        await airtable.close()
        await cache.close()
        if database is None:
            await db.close()


class User(Struct, frozen=True, kw_only=True):
    """The active user a valid access token stands for."""

    id: str
    presented_id: str
    email: str
    name: str
    role: str | None
    language: Language | None
    zone: str
    sid: UUID | None
    token_issued_at: int
    companies: tuple[str, ...] = ()
    created_at: datetime
    last_login_on: date | None

    @property
    def is_admin(self) -> bool:
        """Whether the role is exactly the administrators' one."""
        return self.role == "admin"

    def must_be(self, user_id: str) -> None:
        """Refuse a request that names somebody else; raises a 403."""
        if user_id not in (self.id, self.presented_id):
            raise forbidden()


class Admin(User, frozen=True, kw_only=True):
    """An active user with the role of an administrator."""


class Headers:
    """Request headers; each is decoded when it is asked for, as most never are."""

    __slots__ = ("_raw",)

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = dict(pairs)

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def get(self, name: str, default: str | None = None) -> str | None:
        """A header by its lower-case name."""
        value = self._raw.get(name.encode())
        return default if value is None else value.decode("latin-1")

    def __contains__(self, name: str) -> bool:
        return name.encode() in self._raw


class Context:
    """One request, or one run of a job: the resources and who is asking."""

    def __init__(self, resources: Resources, scope: Scope | None = None) -> None:
        self.resources = resources
        self.settings = resources.settings
        self.db = resources.db
        self.cache = resources.cache
        self.limits = resources.limits
        self.clock = resources.clock
        self.airtable = resources.airtable
        self.tables = resources.tables
        self.turns = resources.turns
        self.mail = resources.mail
        self.ai = resources.ai
        self.push = resources.push
        self.scope: Scope = {} if scope is None else scope
        self.headers = Headers(self.scope.get("headers", ()))
        self.user: User | None = None
        self.raw_body = b""
        self.body_is_read = False
        self._now: datetime | None = None

    def apart(self) -> "Context":
        """The same request for work that must disturb nobody: Airtable is asked last, unkept."""
        other = Context(self.resources, self.scope)
        other.user, other.tables = self.user, self.tables.apart()
        other._now = self.now
        return other

    @property
    def bridge(self) -> Bridge:
        """The way between records and rows; raises LookupError in a process without one."""
        if self.resources.bridge is None:
            raise LookupError("this process changes nothing that lives in Airtable alone")
        return self.resources.bridge

    @property
    def now(self) -> datetime:
        """The moment of this request, taken once."""
        if self._now is None:
            self._now = self.clock.now()
        return self._now

    def today(self, user: User) -> date:
        """The user's calendar day, never the server's (F-A22)."""
        return local_day(self.now, user.zone, self.settings.notification_default_timezone)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """Cookies of the request; of several with one name the first counts."""
        found: dict[str, str] = {}
        for part in self.headers.get("cookie", "").split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                found.setdefault(name, value.strip('"'))
        return found

    @property
    def language(self) -> Language:
        """The user's language, else the browser's best, else Dutch."""
        if self.user is not None and self.user.language in LANGUAGES:
            return self.user.language
        return preferred_language(self.headers.get("accept-language", ""))

    @cached_property
    def client_address(self) -> str | None:
        """Who is calling as far as trusted proxies tell; None when that cannot be known."""
        peer = (self.scope.get("client") or ("",))[0]
        forwarded = self.headers.get("x-forwarded-for", "")
        return caller(peer, forwarded, self.settings.trusted_proxies)

    def background(self, work: Coroutine[Any, Any, object]) -> None:
        """Run work after the answer; it is finished before the process ends."""
        self.resources.background.start(work)
