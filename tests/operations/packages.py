"""An environment that holds the packages of requirements.lock and nothing else."""

import os
import re
import shutil
import subprocess
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.operations.files import ROOT

LOCK = ROOT / "requirements.lock"
LINE = re.compile(r"^(\S+==.*?) \\$", re.MULTILINE)


def install_packages(folder: Path) -> None:
    """As the image: pip, with the hashes of the lock."""
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    options = ["--no-input", "install", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, *options, "-r", str(LOCK)], check=True)


def link_packages(folder: Path) -> None:
    """The same files in a tenth of the time, from where pip has put them for these tests."""
    venv.create(folder, symlinks=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    for requirement in locked():
        found = distribution(requirement.name)
        assert requirement.specifier.contains(found.version), f"{requirement} is not installed"
        _link(found, str(site))


def locked() -> Iterator[Requirement]:
    """What the lock names for this machine."""
    for line in LINE.findall(LOCK.read_text()):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement


def _link(package: Distribution, site: str) -> None:
    folders: set[str] = set()
    for file in package.files or ():
        name = str(file)
        source, target = str(package.locate_file(name)), f"{site}/{name}"
        if name.startswith("../../../bin/"):
            _script(Path(source), Path(site).parents[2] / "bin" / file.name)
        elif os.path.exists(source):
            parent = os.path.dirname(target)
            if parent not in folders:
                os.makedirs(parent, exist_ok=True)
                folders.add(parent)
            _link_file(source, target)


def _link_file(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another file system, or somebody else's
        shutil.copy2(source, target)


def _script(source: Path, target: Path) -> None:
    """A command, by the interpreter of the new environment."""
    _, *lines = source.read_text().splitlines(keepends=True)
    target.write_text("".join([f"#!{target.with_name('python')}\n", *lines]))
    target.chmod(0o755)
