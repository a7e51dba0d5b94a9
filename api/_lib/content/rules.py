"""Pure rules of content."""

import re
from collections.abc import Collection, Iterable, Sequence
from os.path import splitext
from typing import Literal, TypeVar
from urllib.parse import quote

from msgspec import structs

from api._lib.content.model import Belief, Category, Habit, Media, Method, Translations
from api._lib.messages import Language
from api._lib.wire import is_record_id

# Two texts the client inserts as HTML; whatever looks like a tag in them goes, but bold.
HTML_KEYS = frozenset({"wizard.review.subtitle", "wizard.overlapWarning.existing"})
TAG = re.compile(r"<(?!/?strong>)[^>]*>?", re.IGNORECASE)
MOST_IDS = 50
PLAYED_TYPES = ("audio", "video")
PLAYED_FILES = (".mp3", ".wav", ".m4a", ".ogg", ".mp4", ".webm", ".mov")

M = TypeVar("M", bound=Method)

Mode = Literal["keys", "by-nl", "full"]


def attachment_link(record_id: str, filename: str) -> str:
    """The stable link to a file whose real address expires."""
    # Players know files by their extension, maybe in small letters alone. An encoded slash would
    # still part the path.
    stem, extension = splitext(filename.replace("/", "_"))
    return f"/api/attachments/{record_id}/{quote(stem + extension.lower(), safe='')}"


def named(method: M) -> M:
    """A method as it can be shown outside lists: a nameless one goes by its id."""
    return method if method.name.strip() else structs.replace(method, name=method.id)


def playable(files: Iterable[Media]) -> list[Media]:
    """The files a player takes; with any other one a method could never be completed."""
    return [file for file in files if _is_played(file)]


def _is_played(file: Media) -> bool:
    kind = str(file.type or "").lower()
    return any(name in kind for name in PLAYED_TYPES) or file.url.endswith(PLAYED_FILES)


def record_ids(text: str) -> list[str]:
    """The distinct well-formed record ids of a comma-separated text, in order."""
    parts = dict.fromkeys(part.strip() for part in text.split(","))
    return [part for part in parts if is_record_id(part)]


def is_too_long(text: str) -> bool:
    """Whether a comma-separated list names more than 50 things."""
    return len({part.strip() for part in text.split(",")} - {""}) > MOST_IDS


def beliefs_for_goals(
    beliefs: Iterable[Belief], categories: Iterable[Category], goal_ids: Collection[str]
) -> list[Belief]:
    """Convictions that serve a goal themselves or through a category of theirs, in given order."""
    wanted = set(goal_ids)
    serving = {category.id for category in categories if wanted & set(category.goal_ids)}
    return [
        belief
        for belief in beliefs
        if wanted & set(belief.goal_ids) or serving & set(belief.category_ids)
    ]


def chosen_habits(habits: Sequence[Habit], selection: Collection[str]) -> list[Habit]:
    """The selected habits; all of them when nothing (any more listed) is selected."""
    return [habit for habit in habits if habit.id in set(selection)] or list(habits)


def translations(
    rows: Iterable[tuple[str, str, str | None, str | None]], language: Language
) -> Translations:
    """Texts of a language from (key, nl, fr, en), in byte order of keys; Dutch fills gaps."""
    by_key: dict[str, str] = {}
    by_nl: dict[str, str] = {}
    for key, nl, fr, en in sorted(rows, key=lambda row: row[0].encode()):
        if not key.strip() or not nl:
            continue
        text = {"nl": nl, "fr": fr, "en": en}[language] or nl
        by_key[key] = TAG.sub("", text) if key in HTML_KEYS else text
        by_nl.setdefault(nl, by_key[key])
    return Translations(by_key, by_nl)
