"""The two messages of a request to plan a program."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from api._lib.programs.rules import prompt_texts as texts
from api._lib.programs.rules.brief import Brief, BriefMethod, Earlier, Option
from api._lib.programs.rules.calendar import duration_text

MAX_BYTES = 100_000
MAX_TEXT = 8_000
MAX_INSTRUCTION = 4_000
MAX_DETAIL = 300
MAX_NAME = 200


class Section(Struct):
    """A part of the message; the items of the most expendable ones go first when it is too long."""

    title: str
    items: list[str] = []
    closing: str = ""
    expendable: int = 0

    def text(self) -> str:
        """The part as it is sent; nothing when it says nothing."""
        body = [*self.items, self.closing] if self.closing else self.items
        return "\n".join([f"## {self.title}", *body]) if body else ""


def messages(brief: Brief) -> tuple[str, str]:
    """The system message and the short user message."""
    sections = fitting(_sections(brief), MAX_BYTES)
    parts = (section.text() for section in sections)
    user = texts.USER_CHANGED if brief.earlier else texts.USER_NEW
    return "\n\n".join(part for part in parts if part), user


def fitting(sections: Sequence[Section], limit: int) -> Sequence[Section]:
    """The sections without the last items of the most expendable ones, as far as needed."""
    excess = sum(_bytes(section.text()) + 2 for section in sections) - limit
    for section in sorted(sections, key=lambda s: -s.expendable):
        while section.expendable and section.items and excess > 0:
            excess -= _bytes(section.items.pop()) + 1
    return sections


def _sections(brief: Brief) -> list[Section]:
    return [
        Section("Opdracht", closing=_text(brief, texts.INTRO)),
        Section("Lopend programma", closing=_earlier(brief.earlier)),
        Section("Naam van het programma", closing=texts.NAMING),
        Section("Over de gegevens", closing=texts.DATA_ONLY),
        Section("Doelen", _goals(brief), expendable=1),
        _instructions(brief),
        *_methods(brief.methods),
        Section("Trainingsdata", _dates(brief), texts.EVERY_DATE),
        Section("Duur van het programma", closing=duration_text(brief.weeks)),
        _options("Overtuigingen", brief.beliefs, texts.CHOOSE_BELIEFS, texts.NO_BELIEFS, 4),
        _options("Goede gewoontes", brief.habits, _text(brief, texts.HABITS), texts.NO_HABITS, 5),
        Section("Regels voor de keuze", closing=_text(brief, texts.SELECTION)),
        Section("Regels voor de frequentie", closing=_text(brief, texts.FREQUENCY)),
        Section("Regels voor de samenstelling", closing=_text(brief, texts.COMPOSITION)),
        Section("Vorm van het antwoord", closing=_text(brief, texts.OUTPUT)),
    ]


def _text(brief: Brief, key: str) -> str:
    written = brief.texts.get(key, "").strip()
    return _cut(written, MAX_TEXT) if written else texts.DEFAULTS[key]


def _earlier(earlier: Earlier | None) -> str:
    if earlier is None:
        return ""
    lines = [
        "Dit is een aanpassing van een bestaand programma.",
        f"Behouden sessies: {earlier.kept_sessions}.",
        f"Uitgevoerde methodes: {earlier.done_methods}.",
        "Bouw voort op wat bereikt is, vermijd recente methodes en zoek nieuwe uitdagingen.",
    ]
    recent = ", ".join(_line(name, MAX_NAME) for name in earlier.recent_methods)
    return "\n".join([*lines, f"Recent gedaan: {recent}."] if recent else lines)


def _goals(brief: Brief) -> list[str]:
    return [_item(_line(g.name, MAX_NAME), _line(g.description, MAX_DETAIL)) for g in brief.goals]


def _instructions(brief: Brief) -> Section:
    items = [
        f"Voor {', '.join(_line(goal, MAX_NAME) for goal in entry.goals)}:\n"
        f"{_cut(entry.text.strip(), MAX_INSTRUCTION)}"
        for entry in brief.instructions
    ]
    closing = "" if items else texts.NO_INSTRUCTIONS
    return Section("Richtlijnen per doel", items, closing, expendable=2)


def _methods(methods: Iterable[BriefMethod]) -> tuple[Section, Section]:
    recommended: list[str] = []
    other: list[str] = []
    for method in methods:
        (recommended if method.recommended else other).append(_method(method))
    closing = "" if recommended else texts.NO_RECOMMENDED
    return (
        Section("Aanbevolen methodes (voorrang)", recommended, closing, expendable=3),
        Section("Andere methodes (enkel als aanvulling)", other, expendable=6),
    )


def _method(method: BriefMethod) -> str:
    details = (
        f"id {method.id}",
        f"{method.minutes} min",
        f"niveau: {_line(method.level, MAX_NAME)}" if method.level else "",
        f"frequentie: {', '.join(method.labels)}" if method.labels else "",
        _line(method.description, MAX_DETAIL),
    )
    return _item(_line(method.name, MAX_NAME), *details)


def _dates(brief: Brief) -> list[str]:
    return [f"- {d.date.isoformat()} | {d.day_of_week} | dag-id {d.day_id}" for d in brief.asked]


def _options(
    title: str, options: Iterable[Option], choose: str, none: str, expendable: int
) -> Section:
    items = [
        _item(_line(o.name, MAX_NAME), f"id {o.id}", _line(o.note, MAX_DETAIL)) for o in options
    ]
    return Section(title, items, choose if items else none, expendable)


def _item(name: str, *details: str) -> str:
    return " | ".join([f"- {name}", *(detail for detail in details if detail)])


def _line(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit]


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")


def _bytes(text: str) -> int:
    return len(text.encode())
