"""Texts of programs that people or a language model wrote, made fit to store and show."""

import re
from collections.abc import Iterable
from math import floor

from api._lib.programs.rules.plan import PlannedMethod

MAX_NAME = 120
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def clean(text: str, limit: int) -> str:
    """Without control characters, trimmed and cut to a number of characters."""
    return _CONTROL.sub("", text).strip()[:limit].strip()


def clean_name(text: str, limit: int = MAX_NAME) -> str:
    """A name in one line without angle brackets, because the web client shows it as HTML."""
    return clean(_SPACE.sub(" ", text.replace("<", "").replace(">", "")), limit)


def cut_at_word(text: str, limit: int) -> str:
    """The text, or as many whole words of it as fit."""
    if len(text) <= limit:
        return text
    head, space, _ = text[: limit + 1].rpartition(" ")
    return head.rstrip() if space and head.strip() else text[:limit]


def session_description(methods: Iterable[PlannedMethod]) -> str | None:
    """One line per method with its minutes; a method without name stands there by its id."""
    return "\n".join(_described(method) for method in methods) or None


def _described(method: PlannedMethod) -> str:
    if method.method_name == method.method_id:
        return method.method_id
    return f"{method.method_name} ({method.duration} min)"


def rounded(value: float) -> int:
    """Rounded half up, as the web client rounds."""
    return floor(value + 0.5)
