"""Builds the virtual environment of the project, or does nothing when it fits the lock.

Runs on the bare Python of the machine, so it uses the standard library only.
"""

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".venv"
LOCK = ROOT / "requirements-dev.lock"
STAMP = FOLDER / "installed.txt"
OLDEST = (3, 11)


def main() -> None:
    """Make `.venv` hold exactly the locked packages; several calls at once do it one by one."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    with LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not fits():
            build()


def fits() -> bool:
    """Whether the environment was built from this lock and still works."""
    if not STAMP.exists() or STAMP.read_text() != wanted():
        return False
    return subprocess.run([FOLDER / "bin" / "python", "-c", ""]).returncode == 0


def wanted() -> str:
    """What the stamp of a fitting environment says: its packages and where it lies."""
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {FOLDER}\n"


def build() -> None:
    """Install the locked packages; the stamp comes last, so an interrupted build is repeated."""
    print("Building .venv from requirements-dev.lock (once) ...", flush=True)
    if FOLDER.is_symlink():
        FOLDER.unlink()  # else the environment it leads to would be emptied
    venv.create(FOLDER, with_pip=True, symlinks=True, clear=True)
    pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    # Most of what is installed is never imported; Python compiles the rest when it is.
    install = ["install", "--quiet", "--no-compile", "--no-deps", "--require-hashes"]
    if subprocess.run([*pip, *install, "--requirement", str(LOCK)]).returncode:
        sys.exit("The packages could not be installed; see the message above and try again")
    STAMP.write_text(wanted())


if __name__ == "__main__":
    main()
