"""A program of the prepared Python behaves as one of any other Python."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.prepared import prepared_python

PROGRAM = """
import os, sys
print(os.getcwd(), sys.argv[1:], dict(os.environ), sys.stdin.read())
print("trouble", file=sys.stderr)
sys.exit(3)
"""
SLEEPING = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)"


def run(python: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"ONE": "1"}
    return subprocess.run(
        [python, *arguments], input="in", env=environ, cwd=folder, capture_output=True, text=True
    )


def test_it_takes_arguments_environment_folder_and_input(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    ours, theirs = (
        run(python, "program.py", "a", "--b", folder=tmp_path)
        for python in (prepared_python(), sys.executable)
    )
    assert ours.stdout == theirs.stdout
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr) == (3, "trouble\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_reaches_the_program(number: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [prepared_python(), "-c", SLEEPING],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(20) == -number
    ends = time.monotonic() + 20
    while _lives(pid):
        assert time.monotonic() < ends
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
