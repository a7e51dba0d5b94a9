"""What the image holds, laid out on this machine: packages of production, code, nothing else."""

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tasks.dev.child import Child, ChildError
from tests.operations.files import ROOT, copied, copy_as_the_image, environment_of_image

UID = 1001
LOCK = ROOT / "requirements.lock"


class Image(NamedTuple):
    """The laid-out image."""

    folder: Path
    """Where the image has `/app`."""

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return self.folder / "venv" / "bin" / "python"

    def environ(self, scratch: Path, more: Mapping[str, str]) -> dict[str, str]:
        """The image's variables at this place, a temporary folder for `/tmp`, and further ones."""
        found = {n: v.replace("/app", str(self.folder)) for n, v in environment_of_image().items()}
        path = found.pop("PATH").replace("$PATH", "/usr/bin:/bin")
        found |= {"PATH": path, "TMPDIR": str(scratch), "HOME": "/nonexistent"}
        return {**found, **more}

    def child(self, name: str, command: list[str], environ: Mapping[str, str]) -> Child:
        """A program of the image, as the image's user."""
        program = shutil.which(command[0], path=environ["PATH"])
        assert program is not None, command[0]
        return Child(
            name, [program, *command[1:]], environ=environ, folder=self.folder, user=user()
        )

    def run(self, command: list[str], environ: Mapping[str, str]) -> tuple[int | None, str]:
        """Run a program of the image to its end, as the image's user: exit status and output."""
        child = self.child(command[0], command, environ)
        with suppress(ChildError):
            child.run_to_end(60)
        return child.status, "\n".join(child.lines)


def user() -> pwd.struct_passwd | None:
    """The image's user; whoever runs the tests without being root already is such a one."""
    if os.geteuid() != 0:
        return None
    return pwd.struct_passwd(("app", "x", UID, UID, "", "/nonexistent", "/bin/false"))


@contextmanager
def laid_out(shared: Path) -> Iterator[Image]:
    """The image, made once for all processes of a test run; the last one removes it."""
    image = Image(shared / "image")
    with _counted(shared, 1) as users:
        if users == 1:
            _build(image)
    yield image
    with _counted(shared, -1) as users:
        if not users:
            _remove(image)


@contextmanager
def _counted(shared: Path, change: int) -> Iterator[int]:
    """How many processes use the image, while no other process changes that."""
    with (shared / "image.users").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        users = int(file.read() or 0) + change
        yield users
        file.truncate(0)
        file.write(str(users))


def _remove(image: Image) -> None:
    subprocess.run(["chmod", "-R", "u+w", str(image.folder)], check=True)
    shutil.rmtree(image.folder)


def _compile(folder: Path) -> None:
    """Bytecode beside the code, as a read-only tree gets none later; most is made already."""
    for source, name in copied():
        for made in source.rglob("__pycache__/*.pyc"):
            place = folder / name / made.relative_to(source)
            if place.parents[1].is_dir():
                place.parent.mkdir(exist_ok=True)
                shutil.copy2(made, place)
    command = [sys.executable, "-m", "compileall", "-q", str(folder / "api"), str(folder / "tasks")]
    subprocess.run(command, check=True)


def _build(image: Image) -> None:
    folder = image.folder
    _install_packages(folder / "venv")
    copy_as_the_image(folder)
    (folder / "dist").mkdir()
    _compile(folder)
    subprocess.run(["chmod", "-R", "a+rX,a-w", str(folder)], check=True)


def _install_packages(folder: Path) -> None:
    """As the image: pip, with the hashes of the lock, into an empty environment."""
    venv.create(folder, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    options = ["--disable-pip-version-check", "--no-input"]
    options += ["install", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, *options, "-r", str(LOCK)], check=True)
