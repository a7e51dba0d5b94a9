"""Whatever the OpenAPI document allows is answered as it says, and never by a fault."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api._lib.db import Database
from tasks.dev.airtable.testing import AirtableServer
from tests.operations.serving import ServerProcess
from tests.people import add_person
from tests.scale import scaled

FUZZER = Path(sys.executable).parent / "st"
EXAMPLES = scaled(1, soak=30)
SECRET = "the right secret"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
# What ends the caller's session, and what is 503 where no model and no push keys are set.
LEFT_OUT = (
    "/api/account/nuke",
    "/api/auth/logout",
    "/api/notifications/test",
    "/api/programs/generate",
)


@pytest.fixture
def environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """All doors can be opened, as often as one likes."""
    secrets = ("CACHE_INVALIDATION", "AIRTABLE_INBOUND_SYNC", "AIRTABLE_USER_SYNC")
    own = {"RATE_LIMIT_FACTOR": "0", "USER_WEBHOOK_SYNC_ENABLED": "true"}
    own |= {"AIRTABLE_MIN_INTERVAL_MS": "1"}
    return environ | airtable.environ | {f"{name}_SECRET": SECRET for name in secrets} | own


@pytest.mark.soak
async def test_F_H3_no_input_that_is_described_ends_in_a_fault_or_an_answer_that_is_not(
    environ: dict[str, str], db: Database, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    person = await add_person(db, environ["JWT_SECRET"], now, role="admin")
    headers = person.headers | {"x-cache-secret": SECRET, "x-sync-secret": SECRET}
    command = [str(FUZZER), "run", "--phases=fuzzing", "--no-color", f"--max-examples={EXAMPLES}"]
    command += [f"--checks={','.join(CHECKS)}", "--continue-on-failure", "--seed=1"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    for path in LEFT_OUT:
        command += ["--exclude-path", path]
    with ServerProcess(os.environ | environ) as server:
        document = f"{server.url}/api/openapi.json"
        done = subprocess.run([*command, document], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
