"""Every command that docs/operations.md tells an operator to type works, in its order."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.child import Child
from tasks.dev.demo import demo_base, demo_views
from tasks.secrets_check import SECRETS
from tests.operations.files import ROOT
from tests.operations.runbook import PATH, Machine, blocks
from tests.operations.serving import ServerProcess
from tests.operations.tools import worker_command

SYMPTOMS = (
    "A container does not start",
    "Redis cannot be reached",
    "Postgres cannot be reached",
    "The worker does not sync",
    "A migration failed",
    "New secrets are not applied",
    "The certificate is wrong",
    "Memory is high",
    "Answers are slow",
    "Clear the cache",
    "Dead letters",
    "Airtable is down or over its quota",
    "A user cannot log in",
    "Rotate a secret",
    "Switch a store forward and back",
)
DEAD_LETTERS = """
    WITH events AS (
        INSERT INTO outbox_events (entity_type, entity_id, operation, status)
        SELECT 'program', gen_random_uuid()::text, 'upsert', 'dead_letter'
        FROM generate_series(1, 3)
        RETURNING id, entity_id)
    INSERT INTO outbox_dead_letters
        (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
    SELECT id, 'program', entity_id, 'upsert',
        CASE WHEN row_number() OVER (ORDER BY id) = 1 THEN 'configuration' ELSE 'permanent' END,
        'the field is gone', 2
    FROM events"""
PERSON = """
    INSERT INTO users (id, email, name, password_hash)
    VALUES ('recANVOORBEELD001', 'an@voorbeeld.test', 'An', 'a hash')"""
OURS = re.compile(r"(^|[|;&(]) *(python3?|curl|sql|redis|app|worker) |\$APP", re.MULTILINE)
PREPARED = {"Dead letters": DEAD_LETTERS, "A user cannot log in": PERSON}


class Stack:
    """A server and a worker on the databases of a test, and a machine to type on."""

    def __init__(self, machine: Machine, server: ServerProcess, worker: Child) -> None:
        self.machine = machine
        self.server = server
        self.worker = worker

    def start(self) -> None:
        """Start both, as Swarm does."""
        self.server.start()
        self.worker.start()

    def stop(self) -> None:
        """Scale both to nothing."""
        self.server.child.stop(20)
        self.worker.stop(45)


@pytest.fixture
def secret_files(tmp_path: Path) -> dict[str, str]:
    """Optional secrets as mounted files."""
    found = {}
    for name in ("METRICS_TOKEN", "CACHE_INVALIDATION_SECRET"):
        path = tmp_path / name
        path.write_text(f"the secret {name}\n")
        found[f"{name}_FILE"] = str(path)
    return found


@pytest.fixture
def stack(
    environ: dict[str, str],
    empty_database_url: str,
    redis_url: str,
    airtable: AirtableServer,
    secret_files: dict[str, str],
    tmp_path: Path,
) -> Any:
    """A stack before its first migration, and a base with content."""
    airtable.control.load(demo_base(datetime.now(UTC).date()), demo_views())
    shared = environ | airtable.environ | secret_files
    shared |= {
        "DATABASE_URL": empty_database_url,
        "WORKER_HEARTBEAT_FILE": str(tmp_path / "heartbeat.json"),
        "OPENAI_API_KEY": "sk-test",
        "SMTP_SERVER": "127.0.0.1",
        "SMTP_FROM": "app@example.com",
        "AIRTABLE_MIN_INTERVAL_MS": "1",
    }
    server = ServerProcess(os.environ | shared)
    worker = Child("worker", worker_command(), environ=os.environ | shared, folder=ROOT)
    machine = Machine(tmp_path, server.url, tmp_path / "backups")
    machine.add_task("app", shared | {"PORT": str(server.port)})
    machine.add_task("worker", shared)
    machine.add_databases(empty_database_url, redis_url)
    machine.add_secrets([secret.name for secret in SECRETS])
    running = Stack(machine, server, worker)
    running.start()
    yield running
    server.child.kill()
    worker.kill()


async def execute(url: str, sql: str) -> None:
    """Run SQL beside the stack."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_every_command_of_the_runbook_works(stack: Stack, empty_database_url: str) -> None:
    prepared: set[str] = set()
    typed: dict[str, str] = {}
    for block in blocks():
        if block.kind:
            continue
        if block.section in PREPARED and block.section not in prepared:
            await execute(empty_database_url, PREPARED[block.section])
            prepared.add(block.section)
        is_restore = "backup.py restore" in block.text
        if is_restore:
            stack.stop()
        typed[block.text] = stack.machine.type(block.text)
        if is_restore:
            stack.start()
    check(typed)


def check(typed: dict[str, str]) -> None:
    """A few of the answers, so that a command that does nothing is noticed."""
    assert '"status":"healthy"' in said_by(
        typed, lambda text: "backfill" not in text and "/api/health" in text
    )
    assert "sync:worker:" in said_by(typed, lambda text: "sync:worker:*" in text)
    assert "0001_foundations.sql" in said_by(
        typed, lambda text: "SELECT * FROM schema_migrations" in text
    )
    assert "restored mfa-" in said_by(typed, lambda text: "backup.py restore" in text)
    assert '"table":"methods"' in said_by(typed, lambda text: "cache/invalidate" in text)


def said_by(typed: dict[str, str], is_wanted: Callable[[str], bool]) -> str:
    """What the blocks of a kind printed."""
    return "".join(answer for text, answer in typed.items() if is_wanted(text))


def test_a_stack_is_deployed_with_its_image_its_domain_and_the_extras(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "http://127.0.0.1:9", tmp_path)
    said = machine.type("MFA_IMAGE=mfa:1 MFA_DOMAIN=a.test; deploy -c docker-compose.extras.yml")
    files = "-c docker-compose.yml -c docker-compose.extras.yml"
    assert said == f"in {ROOT}: mfa:1 a.test stack deploy --with-registry-auth {files} mfa\n"


def test_no_command_deploys_a_stack_without_image_and_domain() -> None:
    for block in blocks():
        assert block.kind == "helpers" or "docker stack deploy" not in block.text


def test_there_is_a_section_for_every_symptom() -> None:
    sections = {block.section for block in blocks()}
    assert not [symptom for symptom in SYMPTOMS if symptom not in sections]


def test_what_is_marked_as_outside_is_nothing_of_ours() -> None:
    for block in blocks():
        if block.kind == "outside":
            assert not OURS.search(block.text), block.text


def test_no_command_hides_in_another_kind_of_block() -> None:
    kinds = re.findall(r"^ *```(.*)$", PATH.read_text(), re.MULTILINE)
    assert set(kinds) == {"", "sh", "sh outside", "sh helpers"}


def test_G6_nobody_is_told_to_stop_redis() -> None:
    assert not re.search(r"redis (KEYS|FLUSHALL|FLUSHDB)", PATH.read_text())


def test_every_task_is_told() -> None:
    told = PATH.read_text()
    tasks = {
        path.name
        for path in (ROOT / "tasks").glob("*.py")
        if '__name__ == "__main__"' in path.read_text()
    }
    assert "reconcile.py" in tasks
    assert not [name for name in tasks - {"dev.py"} if name not in told]


def test_links_inside_lead_somewhere() -> None:
    text = PATH.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors
