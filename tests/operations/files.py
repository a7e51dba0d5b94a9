"""What the files for Docker say, as data."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parent.parent.parent
STACK = "docker-compose.yml"
EXTRAS = "docker-compose.extras.yml"


class Instruction(NamedTuple):
    """One instruction of the Dockerfile and the stage it belongs to."""

    stage: int
    name: str
    text: str


def stack(*names: str) -> dict[str, Any]:
    """The stack file with overrides, merged and filled in as Docker does it."""
    whole: dict[str, Any] = {}
    for name in names or (STACK,):
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / name).read_text())
        whole = _merged(whole, yaml.safe_load(text))
    return whole


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _merged(below.get(key), value) for key, value in above.items()}
    if isinstance(below, list) and isinstance(above, list):
        return below + above
    return above


def instructions() -> list[Instruction]:
    """The Dockerfile, line continuations joined and comments removed."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    found, stage = [], -1
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            stage += name == "FROM"
            found.append(Instruction(stage, name, rest))
    return found


def copied() -> Iterator[tuple[Path, str]]:
    """Files and folders that the last stage takes from the build context, and where to."""
    last = max(instruction.stage for instruction in instructions())
    for instruction in instructions():
        if instruction.stage == last and instruction.name == "COPY":
            *sources, target = shlex.split(instruction.text)
            if not sources[0].startswith("--from"):
                yield from ((ROOT / source, target) for source in sources)


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build; the last matching rule counts."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        rule = line.strip()
        if rule and not rule.startswith("#") and _matches(rule.removeprefix("!"), path):
            ignored = not rule.startswith("!")
    return ignored


def _matches(rule: str, path: str) -> bool:
    pattern = re.escape(rule).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(f"{pattern}(?:/.*)?", path) is not None


def copy_as_the_image(target: Path) -> None:
    """Lay out what the last stage copies from the build context."""
    for source, name in copied():
        for file in sorted(source.rglob("*")):
            relative = file.relative_to(ROOT).as_posix()
            if file.is_file() and not is_ignored(relative):
                place = target / name / file.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, place)


def environment_of_image() -> dict[str, str]:
    """The variables the last stage sets, with its build arguments at their defaults."""
    arguments, variables = _pairs("ARG"), _pairs("ENV")
    return {
        name: arguments.get(value[1:], value) if value.startswith("$") else value
        for name, value in variables.items()
    }


def _pairs(instruction: str) -> dict[str, str]:
    last = max(i.stage for i in instructions())
    texts = [i.text for i in instructions() if (i.stage, i.name) == (last, instruction)]
    return dict(part.split("=", 1) for text in texts for part in shlex.split(text))


def command_of_image(name: str) -> list[str]:
    """CMD, or the command of the HEALTHCHECK."""
    text = next(i.text for i in reversed(instructions()) if i.name == name)
    command: list[str] = json.loads(text[text.index("[") :])
    return command


def docker(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Ask the Docker client, which needs no engine for this."""
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
