"""Reading the model's answer as leniently as makes sense."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct


class UnusableAnswerError(Exception):
    """The answer cannot be made into a plan."""


class AnsweredMethod(Struct, frozen=True):
    """A method as the model named it."""

    id: str
    name: str = ""


class AnsweredDay(Struct, frozen=True):
    """A day as the model planned it; its weekday is not worth reading."""

    date: str
    methods: tuple[AnsweredMethod, ...]


class Choice(Struct, frozen=True):
    """A belief or habit that the model chose."""

    id: str
    reason: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """What the model said, not yet checked against anything."""

    days: tuple[AnsweredDay, ...]
    name: str = ""
    summary: str = ""
    recommendations: tuple[str, ...] = ()
    beliefs: tuple[Choice, ...] = ()
    habits: tuple[Choice, ...] = ()


def read_answer(root: object) -> Answer:
    """The decoded answer in our terms; raises UnusableAnswerError when it holds no schedule."""
    if not isinstance(root, dict) or not isinstance(root.get("schedule"), list):
        raise UnusableAnswerError("no schedule")
    return Answer(
        days=tuple(_day(day) for day in _objects(root["schedule"])),
        name=_text(root.get("programName")),
        summary=_text(root.get("programSummary")),
        recommendations=tuple(_text(item) for item in _list(root.get("recommendations"))),
        beliefs=_choices(root.get("selectedOvertuigingen"), "overtuigingId"),
        habits=_choices(root.get("selectedGoedeGewoontes"), "goedeGewoonteId"),
    )


def _day(day: dict[str, Any]) -> AnsweredDay:
    methods = (
        AnsweredMethod(_text(method.get("methodId")).strip(), _text(method.get("methodName")))
        for method in _objects(day.get("methods"))
    )
    return AnsweredDay(_text(day.get("date")).strip(), tuple(methods))


def _choices(value: object, key: str) -> tuple[Choice, ...]:
    return tuple(
        Choice(_text(item.get(key)).strip(), _text(item.get("reason"))) for item in _objects(value)
    )


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (item for item in _list(value) if isinstance(item, dict))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
