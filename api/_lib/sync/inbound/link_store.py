"""SQL of lists of linked content: they become as a record shows them, whatever they were."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from api._lib.db import Transaction


class LinkTable(Struct, frozen=True):
    """A Postgres table of links that one field of an Airtable table shows."""

    name: str
    own: str
    other: str
    target: str
    """Postgres table of the linked records."""
    field: str
    position: str = "position"
    other_position: str | None = None
    """Position in the list that the other side shows, where it shows one."""
    own_type: str = "text"


Lists = Mapping[str, Sequence[str]]
"""Linked ids in their order by own key."""


async def write_lists(
    tx: Transaction, link: LinkTable, lists: Lists, read_at: datetime | None
) -> set[str]:
    """Let the lists of these records be exactly so; the own keys of those that differed."""
    pairs = [
        {"own": key, "other": other, "position": position}
        for key, ids in lists.items()
        for position, other in enumerate(ids)
    ]
    await add_stubs(tx, link.target, {str(pair["other"]) for pair in pairs}, read_at)
    rows = await tx.fetch(_replace(link), sorted(lists), pairs)
    return {row["own"] for row in rows}


async def add_stubs(
    tx: Transaction, target: str, ids: Iterable[str], read_at: datetime | None
) -> None:
    """Rows for linked records that were not read yet, so that no link is lost."""
    wanted = sorted(ids)
    if not wanted:
        return
    name, value = ("name, ", "'', ") if target != "media" else ("", "")
    await tx.execute(
        f"""INSERT INTO {target} (id, {name}is_listed, synced_at)
            SELECT id, {value}false, coalesce($2, now()) FROM unnest($1::text[]) AS given(id)
            ON CONFLICT (id) DO NOTHING""",
        wanted,
        read_at,
    )


def _replace(link: LinkTable) -> str:
    """Both sides of some links show a list; the other side's position is left to its import."""
    kind = link.own_type
    other_names, other_values = "", ""
    if link.other_position:
        other_names = f", {link.other_position}"
        other_values = f""", (SELECT coalesce(max(o.{link.other_position}) + 1, 0)
             FROM {link.name} AS o WHERE o.{link.other} = r.other)"""
    return f"""
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS r(own {kind}, other text, position smallint)
), removed AS (
    DELETE FROM {link.name} AS l
    WHERE l.{link.own} = ANY ($1::text[]::{kind}[]) AND NOT EXISTS (
        SELECT FROM wanted AS w WHERE w.own = l.{link.own} AND w.other = l.{link.other})
    RETURNING l.{link.own} AS own
), added AS (
    INSERT INTO {link.name} AS l ({link.own}, {link.other}, {link.position}{other_names})
    SELECT r.own, r.other, r.position{other_values} FROM wanted AS r
    ORDER BY r.own, r.other
    ON CONFLICT ({link.own}, {link.other}) DO UPDATE SET {link.position} = excluded.{link.position}
    WHERE l.{link.position} IS DISTINCT FROM excluded.{link.position}
    RETURNING l.{link.own} AS own
)
SELECT own::text FROM removed UNION SELECT own::text FROM added"""
