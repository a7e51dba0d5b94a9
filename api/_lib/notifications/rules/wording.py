"""What a reminder says, in the three languages of the app."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from msgspec import Struct

from api._lib.messages import LANGUAGES, Language, sentence
from api._lib.notifications.model import Kind

LONGEST_NAME = 120
TARGET = "/"

WEEKDAYS: Mapping[Language, tuple[str, ...]] = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS: Mapping[Language, tuple[str, ...]] = {
    "nl": (
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
NEARNESS = {0: "today", 1: "tomorrow"}


class Topic(Struct, frozen=True):
    """What a reminder is about, as far as its words need it."""

    kind: Kind
    day: date
    count: int = 0
    name: str = ""


def language_of(code: str | None) -> Language:
    """The language of a stored code such as `fr-BE`; Dutch when it is none of ours."""
    return next((known for known in LANGUAGES if (code or "").lower().startswith(known)), "nl")


def words(topic: Topic, language: Language, said_on: date) -> dict[str, str]:
    """Title and body of a reminder that is read on a day at the reader's place."""
    title = sentence(f"reminder_{topic.kind.value}_title", language)
    return {
        "title": title,
        "body": sentence(_body(topic, said_on), language, **_facts(topic, language)),
    }


def short(name: str) -> str:
    """A name that leaves a push far below the size push services take."""
    return name[:LONGEST_NAME]


@lru_cache(maxsize=1_024)
def date_text(day: date, language: Language) -> str:
    """A date as one says it, without the year."""
    number = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{WEEKDAYS[language][day.weekday()]} {number} {MONTHS[language][day.month - 1]}"


def _body(topic: Topic, said_on: date) -> str:
    when = NEARNESS.get((topic.day - said_on).days, "later")
    number = ""
    if topic.kind is Kind.DAILY_SUMMARY:
        number = "_one" if topic.count == 1 else "_many"
    return f"reminder_{topic.kind.value}_{when}{number}"


def _facts(topic: Topic, language: Language) -> dict[str, object]:
    return {"day": date_text(topic.day, language), "count": topic.count, "name": topic.name}
