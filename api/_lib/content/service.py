"""What others may do with content."""

from api._lib.content import libraries, lists, rules, store
from api._lib.content.attachments import attachment
from api._lib.content.by_id import by_id, prompts, still_there, unknown
from api._lib.content.contracts import (
    BELIEFS,
    CATEGORIES,
    DAYS,
    GOALS,
    HABITS,
    METHODS,
    ContentList,
)
from api._lib.content.lists import answer, drop, items
from api._lib.content.model import Belief, Habit, MethodDetail
from api._lib.content.rules import named
from api._lib.content.selecting import choose_habits
from api._lib.content.store.prompts import Prompt
from api._lib.content.texts import forget_texts, texts
from api._lib.context import Context, User
from api._lib.errors import bad_request, not_found
from api._lib.wire import is_record_id

__all__ = [
    "BELIEFS",
    "CATEGORIES",
    "DAYS",
    "GOALS",
    "HABITS",
    "METHODS",
    "ContentList",
    "Prompt",
    "answer",
    "attachment",
    "by_id",
    "choose_habits",
    "drop",
    "items",
    "named",
    "prompts",
    "still_there",
    "texts",
    "unknown",
]


async def method(ctx: Context, method_id: str) -> MethodDetail:
    """A method, hidden ones included, because old sessions link to them; raises a 404."""
    found = await libraries.method(ctx, method_id) if is_record_id(method_id) else None
    if found is None:
        raise not_found()
    return named(found)


async def habits_of(ctx: Context, user: User) -> list[Habit]:
    """The habits a user chose, or all of them."""
    selection = await store.selected_habits(ctx.db, user.id)
    return rules.chosen_habits(await items(ctx, HABITS), selection)


async def beliefs_for_goals(ctx: Context, goal_ids: list[str]) -> list[Belief]:
    """Convictions that serve any of the goals."""
    beliefs, categories = await items(ctx, BELIEFS), await items(ctx, CATEGORIES)
    return rules.beliefs_for_goals(beliefs, categories, goal_ids)


async def company_names(ctx: Context, user: User, text: str) -> dict[str, str]:
    """Names of the user's own companies among a comma-separated list of ids."""
    if rules.is_too_long(text):
        raise bad_request("field_too_long", field="ids", limit=rules.MOST_IDS)
    ids = rules.record_ids(text)
    return await store.company_names(ctx.db, user.id, ids) if ids else {}


async def invalidate(ctx: Context, table: str | None) -> int:
    """Clear the cached lists of a table, or of all; how many keys were removed."""
    names = [table] if table is not None else list(ctx.settings.airtable_tables)
    if table is None or table == "translations":
        forget_texts(ctx)
    return await lists.drop(ctx, *names) or 0
