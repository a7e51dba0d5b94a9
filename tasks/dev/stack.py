"""The whole product on one machine: servers, stand-ins, schema, demo content, server, workers."""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from api._lib.settings import Role, SettingsError
from api._lib.settings_loader import load_settings, with_local_file
from tasks.dev import first_fill, report, welcome
from tasks.dev.child import Child, ChildError
from tasks.dev.console import Console
from tasks.dev.demo import LOGINS
from tasks.dev.environment import (
    ROOT,
    airtable_defaults,
    completed,
    is_set,
    kept_secrets,
    server_defaults,
    webhook_defaults,
)
from tasks.dev.ports import Ports
from tasks.dev.probe import healthy, responds
from tasks.dev.services import HOST, Postgres, Redis
from tasks.dev.standins import Maker, python
from tasks.dev.supervise import Supervisor

WORKER = "api.workers.sync_worker.settings"
DATABASE = "mfa"
DEMO_EMAILS = [login["email"] for login in LOGINS]


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    port: int | None
    folder: Path
    demo: bool
    workers: int


def run(options: Options) -> int:
    """Run the stack until a signal comes; the exit status."""
    console = Console()
    supervisor = Supervisor(console.say)
    try:
        with exclusive(options.folder), supervisor.until_told_to_stop():
            stack = Stack(options, with_local_file(os.environ), supervisor, console)
            stack.start()
            supervisor.watch(stack.write_facts)
    except (ChildError, SettingsError) as error:
        console.say(f"error: {error}")
        return 1
    finally:
        console.close()
    return 0


def _lock_in(folder: Path) -> IO[str]:
    """The file to lock; the folder may belong to somebody else, who ran this first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / "lock").open("w")
    except OSError as error:
        raise ChildError(f"{folder} cannot be used: {error.strerror}") from None


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the data folder, so that two runs never share one; old facts must not be believed."""
    facts = folder / report.FILE
    with _lock_in(folder) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ChildError(f"another run uses {folder}; choose another --data-dir") from None
        facts.unlink(missing_ok=True)
        try:
            yield
        finally:
            facts.unlink(missing_ok=True)


class Stack:
    """Starts everything in the order of what needs what, as much as possible at once."""

    def __init__(
        self, options: Options, given: Mapping[str, str], supervisor: Supervisor, console: Console
    ) -> None:
        self._began = time.monotonic()
        self._options = options
        self._given = given
        self._supervisor = supervisor
        self._console = console
        self._folder = options.folder.absolute()
        self._ports = Ports(self._folder)
        self._url = f"http://{HOST}:{self._ports.for_app(options.port)}"
        self._secrets = kept_secrets(self._folder)
        self._token = self._secrets.pop("STAND_IN_TOKEN")
        maker = Maker(given, self._folder, self._ports, console.log_of)
        self._stand_ins = maker.all(self._token, options.demo)
        self._environ: dict[str, str] = {}

    def start(self) -> None:
        """Start everything, and say so when the first request would succeed."""
        self._supervisor.start(*(stand_in.child for stand_in in self._stand_ins.values()))
        self._environ = self._complete(self._start_servers())
        self._facts = self._find_facts()
        welcome.prepare(self._folder / "welcome", self._facts)
        self._child("migrate", "tasks/db_migrate.py", "up").run_to_end()
        self._await_stand_ins()
        app = self._child("app", "-m", "api")
        self._supervisor.start(app)
        self._fill()
        self._supervisor.start(*self._workers())
        app.wait_until(lambda: healthy(self._url), 60)
        self._await_people()
        self.write_facts()
        self._console.say(report.text(self._folder, self._facts))
        self._console.say(f"  Started in {time.monotonic() - self._began:.1f} s")
        self._console.say(f"ready {self._url}")

    def write_facts(self) -> None:
        """Tell scripts where everything is, process ids included."""
        pids = self._supervisor.pids | {"stack": os.getpid()}
        report.write(self._folder, self._facts, pids)

    def _start_servers(self) -> dict[str, str]:
        """Start the databases the caller does not bring; the settings that lead to them."""
        settings = {}
        if not is_set(self._given, "DATABASE_URL"):
            postgres = Postgres(
                self._folder / "postgres",
                port=self._ports.choose("postgres"),
                log=self._console.log_of("postgres"),
            )
            self._supervisor.start(postgres)
            postgres.ensure_database(DATABASE)
            settings["DATABASE_URL"] = postgres.url(DATABASE)
        if not is_set(self._given, "REDIS_URL"):
            redis = Redis(self._folder / "redis", port=self._ports.choose("redis"))
            self._supervisor.start(redis)
            settings["REDIS_URL"] = redis.url()
        return settings

    def _complete(self, servers: Mapping[str, str]) -> dict[str, str]:
        named = [stand_in.settings for stand_in in self._stand_ins.values()]
        airtable = airtable_defaults(self._given, self._token)
        if "airtable" in self._stand_ins:
            airtable |= webhook_defaults(self._url)
        defaults = server_defaults(self._url, self._folder / "welcome")
        whole = completed(self._given, servers, *named, airtable, self._secrets, defaults)
        return whole | {"PORT": self._url.rpartition(":")[2]}

    def _find_facts(self) -> report.Facts:
        settings = load_settings(self._environ, Role.WORKER)
        addresses = {name: stand_in.url for name, stand_in in self._stand_ins.items()}
        return report.Facts(
            app=self._url,
            database_url=settings.database_url,
            redis_url=settings.redis_url or "",
            airtable=report.Airtable(
                url=settings.airtable_endpoint_url,
                token=settings.airtable_access_token,
                base_id=settings.airtable_base_id,
            ),
            mailbox=addresses.get("mailbox"),
            openai=addresses.get("openai") or settings.openai_base_url,
            push=addresses.get("push"),
            logins=LOGINS if self._has_demo else [],
        )

    def _await_stand_ins(self) -> None:
        for stand_in in self._stand_ins.values():
            stand_in.child.wait_until(partial(responds, stand_in.url), 60)

    def _fill(self) -> None:
        """Bring content, people and what they did into an empty database."""
        if self._has_demo and not first_fill.arrived(self._facts.database_url, DEMO_EMAILS):
            self._child("backfill", "tasks/backfill.py", "--missing").run_to_end()

    def _await_people(self) -> None:
        """Wait until the demo logins work, should the fill have left anybody to the worker."""
        if not self._has_demo:
            return
        patience = first_fill.SECONDS if self._options.workers else 0
        if not first_fill.wait(self._facts.database_url, DEMO_EMAILS, patience):
            self._console.say("  The demo people are not there yet; they come with the worker.")

    @property
    def _has_demo(self) -> bool:
        return self._options.demo and "airtable" in self._stand_ins

    def _workers(self) -> list[Child]:
        names = ["worker", *(f"worker-{n}" for n in range(2, self._options.workers + 1))]
        return [self._worker(name) for name in names[: self._options.workers]]

    def _worker(self, name: str) -> Child:
        heartbeat = {"WORKER_HEARTBEAT_FILE": str(self._folder / f"{name}.heartbeat")}
        return self._child(name, "-m", "saq", "--quiet", WORKER, environ=heartbeat)

    def _child(self, name: str, *command: str, environ: Mapping[str, str] | None = None) -> Child:
        return Child(
            name,
            python(*command),
            environ=self._environ | dict(environ or {}),
            folder=ROOT,
            log=self._console.log_of(name),
        )
