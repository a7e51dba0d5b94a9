"""Shapes of content as the client sees it."""

from msgspec import UNSET, UnsetType

from api._lib.wire import Wire


class Method(Wire, kw_only=True):
    """An exercise; texts are Markdown, the duration is in minutes."""

    id: str
    name: str
    duration: int
    description: str | UnsetType = UNSET
    experience_level_ids: list[str]
    experience_level: str | UnsetType = UNSET
    optimal_frequency: list[str]
    linked_goal_ids: list[str]
    techniek: str | UnsetType = UNSET
    photo: str | UnsetType = UNSET
    media: list[str]
    points_value: int


class Media(Wire, kw_only=True):
    """A video or audio file of a method."""

    id: str
    filename: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    url: str


class MethodDetail(Method, kw_only=True):
    """An exercise with its playable files."""

    media_details: list[Media]


class Goal(Wire, kw_only=True):
    """What a program can aim at."""

    id: str
    name: str
    description: str | UnsetType = UNSET
    status: str | UnsetType = UNSET


class Day(Wire):
    """A day of the week."""

    id: str
    name: str


class Belief(Wire):
    """A conviction to train."""

    id: str
    name: str
    category_ids: list[str]
    goal_ids: list[str]
    order: int
    levels: list[str]


class Category(Wire, kw_only=True):
    """A group of convictions."""

    id: str
    name: str
    overtuiging_ids: list[str]
    goal_ids: list[str]
    order: int
    content: str | UnsetType = UNSET


class Habit(Wire, kw_only=True):
    """A good habit to tick daily."""

    id: str
    name: str
    notes: str | UnsetType = UNSET


class Translations(Wire):
    """Texts of one language by key and by Dutch text."""

    by_key: dict[str, str]
    by_nl: dict[str, str]
