"""The whole local stack, as a newcomer starts it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx
import pytest

from tasks.dev.stack import exclusive

ROOT = Path(__file__).parent.parent.parent
STACK = ROOT / "tasks" / "dev.py"
TICKS = "Goede gewoontes gebruik"
ENVIRON = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
T = TypeVar("T")


class Stack:
    """A running stack and what it told."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, str(STACK), "--data-dir", str(folder), *arguments],
            env=ENVIRON,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> str:
        """Read until the ready line; its address."""
        assert self.process.stdout
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("ready "):
                return line.split()[1]
        raise AssertionError("".join(lines))

    @property
    def facts(self) -> dict[str, Any]:
        """The content of dev.json."""
        facts: dict[str, Any] = json.loads((self.folder / "dev.json").read_text())
        return facts


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Starts a stack with further arguments; it ends with the test."""
    running: list[Stack] = []

    def start(*arguments: str) -> Stack:
        running.append(Stack(tmp_path / "data", *arguments))
        return running[-1]

    yield start
    for stack in running:
        stack.process.kill()
        stack.process.communicate()


def soon(question: Callable[[], T], seconds: float = 20) -> T:
    """The first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return answer


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def log_in(http: httpx.Client, login: dict[str, Any]) -> dict[str, Any]:
    answer = http.post(
        "/api/auth/login", json={"email": login["email"], "password": login["password"]}
    )
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()["data"]
    http.headers["authorization"] = f"Bearer {session['accessToken']}"
    return session


def tick(http: httpx.Client, user_id: str) -> str:
    """Tick a habit of today; the id of the tick."""
    [habit, *_] = http.get("/api/methods/habits").json()["data"]
    today = datetime.now(ZoneInfo("Europe/Brussels")).date().isoformat()
    body = {"userId": user_id, "goedeGewoonteId": habit["id"], "date": today}
    answer = http.post("/api/habit-usage", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def in_airtable(facts: dict[str, Any], app_id: str) -> list[Any]:
    """Rows of the tick as its page shows them, which does not count against the rate limit."""
    query = {"table": TICKS, "search": app_id}
    answer = httpx.get(f"{facts['airtable']['url']}/_control/rows", params=query)
    rows: list[Any] = answer.json()["rows"]
    return rows


def test_a_newcomer_ticks_a_habit_and_finds_it_in_airtable(start: Callable[..., Stack]) -> None:
    stack = start()
    url = stack.wait()
    facts = stack.facts
    assert facts["app"] == url
    participant, admin, newcomer = facts["logins"]
    assert (admin["role"], newcomer["password"]) == ("admin", None)
    with httpx.Client(base_url=url) as http:
        assert http.get("/config.json").json()["mailbox"] == facts["mailbox"]
        assert "Log in and tick a habit" in http.get("/").text
        session = log_in(http, participant)
        tick_id = tick(http, session["user"]["id"])
        [row] = soon(lambda: in_airtable(facts, tick_id))
        assert tick_id in row["cells"]
    for stand_in in (facts["mailbox"], facts["openai"], facts["push"], facts["airtable"]["url"]):
        assert httpx.get(stand_in).status_code < 500

    worker = facts["pids"]["worker"]
    os.kill(worker, signal.SIGKILL)
    assert soon(lambda: stack.facts["pids"]["worker"] != worker)

    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(60) == 0
    assert all(gone(pid) for pid in facts["pids"].values())
    assert not (stack.folder / "dev.json").exists()


def test_nothing_outlives_a_stack_that_is_killed(start: Callable[..., Stack]) -> None:
    stack = start("--no-demo", "--workers", "2")
    stack.wait()
    pids = stack.facts["pids"]
    assert {"worker", "worker-2", "app", "postgres"} <= set(pids)
    stack.process.kill()
    stack.process.wait()
    assert soon(lambda: all(gone(pid) for pid in pids.values()))


def test_a_stack_that_cannot_start_says_why(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        again = subprocess.run(
            [sys.executable, str(STACK), "--data-dir", str(tmp_path)],
            env=ENVIRON,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert again.returncode == 1
    assert again.stdout.startswith("error: another run uses")


@pytest.mark.parametrize("name", ["a file", "a file/below", "of somebody else"])
def test_a_data_folder_that_cannot_be_used_is_told_without_a_trace(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "of somebody else" / "lock").mkdir(parents=True)
    refused = subprocess.run(
        [sys.executable, str(STACK), "--data-dir", str(tmp_path / name)],
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"error: {tmp_path / name} cannot be used: ")
    assert "Traceback" not in refused.stderr
