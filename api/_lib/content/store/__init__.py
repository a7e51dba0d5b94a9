"""SQL of content."""

from collections.abc import Sequence
from typing import Any

from api._lib.content.model import (
    Belief,
    Category,
    Day,
    Goal,
    Habit,
    Media,
    Method,
    MethodDetail,
)
from api._lib.content.rules import attachment_link, playable
from api._lib.db import Queries, Record
from api._lib.wire import filled

LISTED = "x.is_listed AND x.archived_at IS NULL AND btrim(x.name) <> ''"
BY_ID = "x.id = ANY ($1::text[])"
STILL_THERE = f"{BY_ID} AND x.archived_at IS NULL"
IN_ORDER = "ORDER BY x.sort_order, x.id"


def _ids(table: str, own: str, other: str, position: str = "position") -> str:
    return f"""ARRAY(SELECT l.{other}::text FROM {table} l
        WHERE l.{own} = x.id ORDER BY l.{position}, l.{other})"""


_METHOD = f"""
SELECT x.id, x.name, x.duration_minutes, x.description, x.technique, x.optimal_frequency,
       x.points_value, x.photo_filename,
       {_ids("method_goals", "method_id", "goal_id")} AS goal_ids,
       {_ids("method_experience_levels", "method_id", "experience_level_id")} AS level_ids,
       {_ids("method_media", "method_id", "media_id")} AS media_ids,
       (SELECT e.name FROM method_experience_levels l JOIN experience_levels e
          ON e.id = l.experience_level_id
        WHERE l.method_id = x.id ORDER BY l.position, e.id LIMIT 1) AS level_name
FROM methods x
"""
_BELIEF = f"""
SELECT x.id, x.name, x.display_order, x.levels,
       {_ids("belief_categories", "belief_id", "category_id", "belief_position")} AS category_ids,
       {_ids("belief_goals", "belief_id", "goal_id")} AS goal_ids
FROM beliefs x
"""
_CATEGORY = f"""
SELECT x.id, x.name, x.display_order, x.content,
       {_ids("belief_categories", "category_id", "belief_id", "category_position")} AS belief_ids,
       {_ids("category_goals", "category_id", "goal_id")} AS goal_ids
FROM mindset_categories x
"""
_MEDIA = """
SELECT m.id, m.filename, m.media_type, m.url_filename
FROM method_media l JOIN media m ON m.id = l.media_id
WHERE l.method_id = $1 AND m.url IS NOT NULL ORDER BY l.position, m.id
"""


async def methods(q: Queries, where: str = LISTED, *args: object) -> list[Method]:
    """Listed methods in their order, or those that another condition names."""
    return [_method(row) for row in await q.fetch(f"{_METHOD} WHERE {where} {IN_ORDER}", *args)]


async def method(q: Queries, method_id: str) -> MethodDetail | None:
    """A method, listed or not, with its playable files."""
    row = await q.fetchrow(f"{_METHOD} WHERE x.id = $1", method_id)
    if row is None:
        return None
    media = [_media(found) for found in await q.fetch(_MEDIA, method_id)]
    return MethodDetail(**_method_cells(row), media_details=playable(media))


async def goals(q: Queries, where: str = LISTED, *args: object) -> list[Goal]:
    """Listed goals in their order, or those that another condition names."""
    rows = await q.fetch(f"SELECT x.* FROM goals x WHERE {where} {IN_ORDER}", *args)
    return [
        Goal(
            id=row["id"],
            name=row["name"],
            description=filled(row["description"]),
            status=filled(row["status"]),
        )
        for row in rows
    ]


async def days(q: Queries, where: str = LISTED, *args: object) -> list[Day]:
    """Days from Monday to Sunday, unknown names last; listed ones or those of a condition."""
    rows = await q.fetch(
        f"""SELECT x.id, x.name FROM weekdays x WHERE {where}
            ORDER BY x.iso_weekday NULLS LAST, x.id""",
        *args,
    )
    return [Day(row["id"], row["name"]) for row in rows]


async def beliefs(q: Queries, where: str = LISTED, *args: object) -> list[Belief]:
    """Listed convictions by their own order, then the view's, or those of a condition."""
    order = "ORDER BY x.display_order, x.sort_order, x.id"
    rows = await q.fetch(f"{_BELIEF} WHERE {where} {order}", *args)
    return [
        Belief(
            row["id"],
            row["name"],
            row["category_ids"],
            row["goal_ids"],
            row["display_order"],
            row["levels"],
        )
        for row in rows
    ]


async def categories(q: Queries) -> list[Category]:
    """Listed categories in their order."""
    return [
        Category(
            id=row["id"],
            name=row["name"],
            overtuiging_ids=row["belief_ids"],
            goal_ids=row["goal_ids"],
            order=row["display_order"],
            content=filled(row["content"]),
        )
        for row in await q.fetch(f"{_CATEGORY} WHERE {LISTED} {IN_ORDER}")
    ]


async def habits(q: Queries) -> list[Habit]:
    """Listed habits in their order."""
    rows = await q.fetch(f"SELECT x.id, x.name, x.notes FROM habits x WHERE {LISTED} {IN_ORDER}")
    return [Habit(id=row["id"], name=row["name"], notes=filled(row["notes"])) for row in rows]


async def selected_habits(q: Queries, user_id: str) -> list[str]:
    """Ids of the habits a user chose."""
    rows = await q.fetch(
        "SELECT habit_id FROM habit_selections WHERE user_id = $1 ORDER BY position", user_id
    )
    return [row["habit_id"] for row in rows]


async def company_names(q: Queries, user_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Names of those companies that are the user's own, in id order."""
    rows = await q.fetch(
        """SELECT c.id, c.name FROM companies c JOIN user_companies u ON u.company_id = c.id
           WHERE u.user_id = $1 AND c.id = ANY($2::text[]) AND btrim(c.name) <> ''
           ORDER BY c.id""",
        user_id,
        ids,
    )
    return {row["id"]: row["name"] for row in rows}


async def translation_rows(q: Queries) -> list[tuple[str, str, str | None, str | None]]:
    """All texts as (key, nl, fr, en)."""
    rows = await q.fetch(
        "SELECT key, nl, fr, en FROM translations WHERE archived_at IS NULL AND nl <> ''"
    )
    return [(row["key"], row["nl"], row["fr"], row["en"]) for row in rows]


def _method(row: Record) -> Method:
    return Method(**_method_cells(row))


def _method_cells(row: Record) -> dict[str, Any]:
    photo = row["photo_filename"]
    return {
        "id": row["id"],
        "name": row["name"],
        "duration": row["duration_minutes"],
        "description": filled(row["description"]),
        "experience_level_ids": row["level_ids"],
        "experience_level": filled(row["level_name"]),
        "optimal_frequency": row["optimal_frequency"],
        "linked_goal_ids": row["goal_ids"],
        "techniek": filled(row["technique"]),
        "photo": filled(photo and attachment_link(row["id"], photo)),
        "media": row["media_ids"],
        "points_value": row["points_value"],
    }


def _media(row: Record) -> Media:
    return Media(
        id=row["id"],
        filename=filled(row["filename"]),
        type=filled(row["media_type"]),
        url=attachment_link(row["id"], row["url_filename"]),
    )
