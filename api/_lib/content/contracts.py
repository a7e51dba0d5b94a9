"""What each store of content can do."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from api._lib.content import store
from api._lib.content.model import Belief, Category, Day, Goal, Habit, Method, MethodDetail
from api._lib.content.store.prompts import Prompt
from api._lib.context import Context

T = TypeVar("T")


class ContentList(Struct, Generic[T], frozen=True):
    """A public list: the table it is named after, its maker, its life in Redis, its flag."""

    table: str
    kind: type[T]
    load: Callable[..., Awaitable[list[T]]]
    seconds: int = 300
    flag: str = "METHODS"


METHODS = ContentList("methods", Method, store.methods, 1_800)
GOALS = ContentList("goals", Goal, store.goals, 1_800)
DAYS = ContentList("daysOfWeek", Day, store.days, 1_800)
HABITS = ContentList("goedeGewoontes", Habit, store.habits)
BELIEFS = ContentList("overtuigingen", Belief, store.beliefs, flag="OVERTUIGINGEN")
CATEGORIES = ContentList("mindsetCategories", Category, store.categories, flag="OVERTUIGINGEN")


class Library(Protocol):
    """The content that coaches keep."""

    async def listed(self, ctx: Context, wanted: ContentList[Any]) -> list[Any]:
        """What a list shows, in its order."""

    async def of_ids(self, ctx: Context, wanted: ContentList[Any], ids: Sequence[str]) -> list[Any]:
        """Things by id, hidden and archived ones included."""

    async def method(self, ctx: Context, method_id: str) -> MethodDetail | None:
        """A method, listed or not, with its playable files."""

    async def prompts(self, ctx: Context) -> list[Prompt]:
        """What editors tell a language model."""
