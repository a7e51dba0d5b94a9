"""A Python that has everything imported already, so that our programs start within milliseconds.

A test that is about what a program does, not about how it is started, runs it by this command in
the place of `sys.executable`. Such a program is a process of its own, with exit code and signals;
only the imports are shared: it is forked from a mother process that has made them.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def prepared_python() -> str:
    """The command; its mother process lives as long as this process."""
    # Not below pytest's folders: the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="python-"))
    python, socket = folder / "python", folder / "socket"
    client = Path(__file__).with_name("client.py").read_text()
    # Neither `site` nor the environment: a start must cost as little as it can.
    python.write_text(f"#!{sys.executable} -IS\n" + client.replace('"SOCKET"', repr(str(socket))))
    python.chmod(0o755)
    mother = subprocess.Popen(
        [sys.executable, "-m", "tests.prepared.mother", str(socket)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    atexit.register(_end, mother, folder)
    if mother.stdout is None or not mother.stdout.readline():
        raise AssertionError("the mother process ended at its start")
    return str(python)


def _end(mother: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Close her input, which ends her and all programs."""
    mother.communicate()
    shutil.rmtree(folder)
