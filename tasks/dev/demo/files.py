"""Reading the text files, each in the order that the app shows."""

from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from tasks.dev.demo.model import (
    Category,
    Company,
    Goal,
    Habit,
    Method,
    Person,
    Prompt,
    Translation,
    Translations,
)
from tasks.dev.demo.story import Story

FOLDER: Final = Path(__file__).parent
THEMES: Final = (
    "ademhaling",
    "lichaam",
    "mindfulness",
    "visualisatie",
    "dankbaarheid",
    "focus",
    "slaap",
    "beweging",
    "schrijven",
    "verbinding",
    "overig",
)

T = TypeVar("T")


def _read(name: str, shape: type[T]) -> T:
    return msgspec.toml.decode((FOLDER / f"{name}.toml").read_bytes(), type=shape)


@cache
def goals() -> list[Goal]:
    """Read the goals."""
    return _read("goals", dict[str, list[Goal]])["goal"]


@cache
def methods() -> list[Method]:
    """Read the methods, theme by theme."""
    themes = [_read(f"methods/{theme}", dict[str, list[Method]]) for theme in THEMES]
    return [method for theme in themes for method in theme["method"]]


@cache
def categories() -> list[Category]:
    """Read the categories with their beliefs."""
    return _read("beliefs", dict[str, list[Category]])["category"]


@cache
def habits() -> list[Habit]:
    """Read the habits."""
    return _read("habits", dict[str, list[Habit]])["habit"]


@cache
def prompts() -> list[Prompt]:
    """Read the texts for the generation of programs."""
    return _read("prompts", dict[str, list[Prompt]])["prompt"]


@cache
def companies() -> list[Company]:
    """Read the companies."""
    return _read("companies", dict[str, list[Company]])["company"]


@cache
def people() -> list[Person]:
    """Read the people."""
    return _read("people", dict[str, list[Person]])["person"]


@cache
def translations() -> list[tuple[str, Translation, str]]:
    """Read key, texts and context of the interface texts."""
    names = sorted(path.stem for path in (FOLDER / "translations").glob("*.toml"))
    parts = [_read(f"translations/{name}", Translations) for name in names]
    return [(key, text, part.context) for part in parts for key, text in part.texts.items()]


@cache
def stories() -> dict[str, Story]:
    """Read what people did, by the key of the person."""
    names = sorted(path.stem for path in (FOLDER / "activity").glob("*.toml"))
    return {name: _read(f"activity/{name}", Story) for name in names}
