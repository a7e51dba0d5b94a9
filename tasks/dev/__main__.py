"""Command line of the local stack; `tasks/dev.py` and `make run` end here."""

import argparse
import ctypes
import os
import signal
import sys
from pathlib import Path

from tasks.dev.environment import ROOT
from tasks.dev.stack import Options, run

PR_SET_PDEATHSIG = 1


def options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="tasks/dev.py",
        description="Runs the whole product on this machine: PostgreSQL, Redis, stand-ins for "
        "Airtable, OpenAI, mail and push, the server and the worker.",
        epilog="DATABASE_URL, REDIS_URL, AIRTABLE_ENDPOINT_URL, OPENAI_BASE_URL and SMTP_SERVER "
        "replace the matching stand-in; STATIC_DIR names a built web client to serve.",
    )
    add = parser.add_argument
    add("--port", type=_port, help="of the server (default: 3000, or a free one)")
    add("--data-dir", type=Path, default=ROOT / ".dev", help="what is kept (default: .dev)")
    add("--no-demo", action="store_true", help="start with empty Airtable tables")
    add("--no-worker", action="store_true", help="the same as --workers 0")
    add("--workers", type=_count, default=1, metavar="N", help="worker processes (default: 1)")
    given = parser.parse_args()
    workers = 0 if given.no_worker else given.workers
    return Options(given.port, given.data_dir, not given.no_demo, workers)


def _port(text: str) -> int:
    return _number(text, 1, 65_535)


def _count(text: str) -> int:
    return _number(text, 0, 32)


def _number(text: str, lowest: int, highest: int) -> int:
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {lowest} to {highest}")
    return int(text)


def end_with_make() -> None:
    """Ask Linux to stop us when the make that started us is killed, which it cannot tell us."""
    if "MAKELEVEL" in os.environ and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


if __name__ == "__main__":
    end_with_make()
    sys.exit(run(options()))
