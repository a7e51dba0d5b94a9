"""The stand-ins as programs of their own."""

import signal
import sys
from pathlib import Path

import httpx
import pytest

from tasks.dev.child import Child

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("module", "path"), [("tasks.dev.openai", "/requests"), ("tasks.dev.push", "/messages")]
)
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_stand_in_says_where_it_is_and_ends_when_told(
    module: str, path: str, end: signal.Signals
) -> None:
    program = Child(module, [sys.executable, "-m", module, "--port", "0"], folder=ROOT, ends_by=end)
    program.start()
    program.wait_until(lambda: bool(program.lines))
    word, url = program.lines[0].split()
    assert word == "ready"
    assert httpx.get(url + path).json() == []
    program.stop()
    assert program.status == 0
