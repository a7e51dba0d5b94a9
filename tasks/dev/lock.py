"""Refreshes both lock files from pyproject.toml: every package with its hashes, no index address.

Further arguments go to the resolver: `--upgrade`, `--upgrade-package NAME`.
"""

import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMPILE = (
    *("pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11", "--quiet"),
    *("--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links"),
)
LOCKS = {
    "requirements.lock": (),
    "requirements-dev.lock": ("--extra", "dev", "--constraint", "requirements.lock"),
}


def main(arguments: Sequence[str]) -> None:
    """Resolve with a resolver of its own, so that the project's packages stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True, symlinks=True)
        programs = Path(folder) / "bin"
        subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        for lock, extra in LOCKS.items():
            command = [str(programs / "uv"), *COMPILE, *extra, "--output-file", lock, *arguments]
            subprocess.run(command, check=True, cwd=ROOT)


if __name__ == "__main__":
    main(sys.argv[1:])
