"""SQL of imported activity: some statements per batch, whatever its size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.db import Queries, Transaction
from api._lib.sync.inbound.activity_model import Activity, Draft, Parent
from api._lib.sync.inbound.link_store import add_stubs, write_lists

PARENTS: Mapping[EntityType, str] = {
    EntityType.PROGRAM: "programs AS r ON r.id = l.entity_id::uuid",
    EntityType.PROGRAM_SCHEDULE: """program_sessions AS s ON s.id = l.entity_id::uuid
        JOIN programs AS r ON r.id = s.program_id""",
    EntityType.PERSONAL_GOAL: "personal_goals AS r ON r.id = l.entity_id::uuid",
}


class Known(Struct, frozen=True):
    """What we have of a record."""

    id: str
    is_linked: bool
    """By this record; else by its App ID or natural key, without any record yet."""
    was_sent: bool = False
    is_busy: bool = False
    """Whether an event of it is not through yet."""
    seen_at: datetime | None = None
    """When it was last written there or read from there."""

    def is_newer_than(self, read_at: datetime) -> bool:
        """Whether what was read from that moment on may be older than the row."""
        return self.seen_at is not None and self.seen_at >= read_at


async def users_among(q: Queries, ids: Sequence[str]) -> frozenset[str]:
    """People we have."""
    rows = await q.fetch("SELECT id::text FROM users WHERE id = ANY ($1::text[])", ids)
    return frozenset(row["id"] for row in rows)


async def parents_among(
    q: Queries, wanted: Mapping[EntityType, Sequence[str]]
) -> dict[tuple[EntityType, str], Parent]:
    """Our rows of linked records, with whose they are."""
    found: dict[tuple[EntityType, str], Parent] = {}
    for kind, ids in wanted.items():
        program = "r.id::text" if kind is EntityType.PROGRAM_SCHEDULE else "NULL"
        rows = await q.fetch(
            f"""SELECT l.airtable_record_id AS record_id, l.entity_id AS id,
                       r.user_id::text AS user_id, {program} AS program_id
                FROM airtable_links AS l JOIN {PARENTS[kind]}
                WHERE l.entity_type = $1 AND l.airtable_record_id = ANY ($2::text[])
                  AND l.deleted_at IS NULL""",
            kind,
            ids,
        )
        found |= {
            (kind, row["record_id"]): Parent(row["id"], row["user_id"], row["program_id"])
            for row in rows
        }
    return found


async def points_of_methods(q: Queries, ids: Sequence[str]) -> dict[str, int]:
    """What methods are worth now."""
    rows = await q.fetch(
        "SELECT id::text, points_value FROM methods WHERE id = ANY ($1::text[])", ids
    )
    return {row["id"]: row["points_value"] for row in rows}


async def dead_among(q: Queries, kind: EntityType, record_ids: Sequence[str]) -> set[str]:
    """Records that were deleted here and must not come back."""
    rows = await q.fetch(
        """SELECT airtable_record_id::text AS id FROM sync_tombstones
           WHERE entity_type = $1 AND airtable_record_id = ANY ($2::text[])
           UNION
           SELECT airtable_record_id::text FROM airtable_links
           WHERE entity_type = $1 AND airtable_record_id = ANY ($2::text[])
             AND deleted_at IS NOT NULL""",
        kind,
        record_ids,
    )
    return {row["id"] for row in rows}


async def known_by_record(
    tx: Transaction, activity: Activity, record_ids: Sequence[str]
) -> dict[str, Known]:
    """Rows we have of records, held so that nobody changes them meanwhile."""
    links = await tx.fetch(
        """SELECT entity_id, airtable_record_id, pushed_at IS NOT NULL AS was_sent,
                  greatest(pushed_at, pulled_at) AS seen_at
           FROM airtable_links
           WHERE entity_type = $1 AND airtable_record_id = ANY ($2::text[])
             AND deleted_at IS NULL""",
        activity.type,
        record_ids,
    )
    ids = sorted(row["entity_id"] for row in links)
    held = await _hold(tx, activity, ids)
    busy = await _busy(tx, activity, ids)
    return {
        row["airtable_record_id"]: Known(
            row["entity_id"], True, row["was_sent"], row["entity_id"] in busy, row["seen_at"]
        )
        for row in links
        if row["entity_id"] in held
    }


async def owners_of_ids(
    q: Queries, activity: Activity, ids: Sequence[str]
) -> dict[str, str | None]:
    """Existing rows by id, each with the record it is linked to."""
    rows = await q.fetch(
        f"""SELECT r.id::text AS id, l.airtable_record_id::text AS record_id
            FROM {activity.entity.relation} AS r
            LEFT JOIN airtable_links AS l ON l.entity_type = $1 AND l.entity_id = r.id::text
                 AND l.deleted_at IS NULL
            WHERE r.id = ANY ($2::text[]::uuid[])""",
        activity.type,
        ids,
    )
    return {row["id"]: row["record_id"] for row in rows}


async def rows_of_keys(
    q: Queries, activity: Activity, drafts: Sequence[Draft]
) -> tuple[dict[tuple[str, ...], str], dict[str, str | None]]:
    """Ids of existing rows by natural key, and the records these are linked to."""
    if not activity.natural:
        return {}, {}
    names = activity.natural
    types = ", ".join(f"{name} {activity.columns[name]}" for name in names)
    columns = ", ".join(f"r.{name}::text" for name in names)
    same = " AND ".join(f"r.{name} = k.{name}" for name in names)
    keys = [{name: d.values[name] for name in names} for d in drafts]
    rows = await q.fetch(
        f"""SELECT DISTINCT r.id::text AS id, l.airtable_record_id::text AS record_id, {columns}
            FROM jsonb_to_recordset($2::jsonb) AS k({types})
            JOIN {activity.entity.relation} AS r ON {same}
            LEFT JOIN airtable_links AS l ON l.entity_type = $1 AND l.entity_id = r.id::text
                 AND l.deleted_at IS NULL""",
        activity.type,
        keys,
    )
    by_key = {tuple(row[name] for name in names): row["id"] for row in rows}
    return by_key, {row["id"]: row["record_id"] for row in rows}


async def insert(tx: Transaction, activity: Activity, drafts: Sequence[Draft]) -> None:
    """Store new rows."""
    if drafts:
        names = ", ".join(activity.columns)
        await tx.execute(
            f"""INSERT INTO {activity.entity.relation} (id, created_at, {names})
                SELECT id, created_at, {names} FROM {_recordset(activity)} ORDER BY id""",
            [_flat(draft) for draft in drafts],
        )


async def update(tx: Transaction, activity: Activity, drafts: Sequence[Draft]) -> set[str]:
    """Let rows be as their records; the ids of those that differed."""
    if not drafts:
        return set()
    names = [name for name in activity.columns if name not in activity.once]
    new = {name: f"r.{name}" for name in names} | dict(activity.fitted)
    sets = ", ".join(f"{name} = {value}" for name, value in new.items())
    ours, theirs = ", ".join(f"t.{name}" for name in new), ", ".join(new.values())
    rows = await tx.fetch(
        f"""UPDATE {activity.entity.relation} AS t SET {sets} FROM {_recordset(activity)}
            WHERE t.id = r.id AND ({ours}) IS DISTINCT FROM ({theirs}) RETURNING t.id::text""",
        [_flat(draft) for draft in drafts],
    )
    return {row["id"] for row in rows}


async def add_content(tx: Transaction, activity: Activity, drafts: Sequence[Draft]) -> None:
    """Stub rows for content that was not read yet."""
    for column, target in activity.content.items():
        ids = {str(d.values[column]) for d in drafts if d.values[column] is not None}
        await add_stubs(tx, target, ids, None)


async def write_all_lists(tx: Transaction, activity: Activity, drafts: Sequence[Draft]) -> set[str]:
    """Let the lists of rows be as their records show them; the ids of rows that differed."""
    changed: set[str] = set()
    for link in activity.lists if drafts else ():
        lists = {draft.id: draft.lists[link.name] for draft in drafts}
        changed |= await write_lists(tx, link, lists, None)
    return changed


async def link(
    tx: Transaction, activity: Activity, drafts: Sequence[Draft], table_id: str, read_at: datetime
) -> None:
    """Pair rows with their records; a link that outlived its row gives way."""
    await tx.execute(
        """DELETE FROM airtable_links
           WHERE entity_type = $1 AND airtable_record_id = ANY ($2::text[])
             AND entity_id <> ALL ($3::text[])""",
        activity.type,
        [draft.record_id for draft in drafts],
        [draft.id for draft in drafts],
    )
    await tx.execute(
        """INSERT INTO airtable_links AS l
               (entity_type, entity_id, airtable_record_id, airtable_table_id, pulled_at)
           SELECT $1, r.id, r.record_id, $3, $4
           FROM jsonb_to_recordset($2::jsonb) AS r(id text, record_id text)
           ORDER BY r.id
           ON CONFLICT (entity_type, entity_id) DO UPDATE SET
               airtable_record_id = excluded.airtable_record_id, pulled_at = excluded.pulled_at,
               pushed_hash = NULL, deleted_at = NULL""",
        activity.type,
        [{"id": draft.id, "record_id": draft.record_id} for draft in drafts],
        table_id,
        read_at,
    )


async def note_read(
    tx: Transaction, activity: Activity, drafts: Sequence[Draft], read_at: datetime
) -> None:
    """Note that rows were changed as their records are; what was sent before is no longer true."""
    if drafts:
        await tx.execute(
            """UPDATE airtable_links SET pulled_at = $3, pushed_hash = NULL
               WHERE entity_type = $1 AND entity_id = ANY ($2::text[])""",
            activity.type,
            [draft.id for draft in drafts],
            read_at,
        )


async def number_sessions(tx: Transaction, drafts: Sequence[Draft]) -> None:
    """Give sessions of one program and day the numbers 1, 2, 3 in the order they were made."""
    days = [{"program_id": program, "day": day} for program, day in map(_slot, drafts)]
    rows = await tx.fetch(
        """SELECT DISTINCT s.id::text, s.program_id::text, s.session_date, s.sequence
           FROM jsonb_to_recordset($1::jsonb) AS r(program_id uuid, day date)
           JOIN program_sessions AS s ON s.program_id = r.program_id AND s.session_date = r.day""",
        days,
    )
    own = {row["id"]: row["sequence"] for row in rows}
    last: Counter[tuple[str, object]] = Counter()
    for row in rows:
        slot = (row["program_id"], row["session_date"])
        last[slot] = max(last[slot], row["sequence"])
    for draft in drafts:
        if draft.id in own:
            draft.values["sequence"] = own[draft.id]
        elif draft.values["session_date"] is not None:
            last[_slot(draft)] += 1
            draft.values["sequence"] = last[_slot(draft)]


def _slot(draft: Draft) -> tuple[str, object]:
    return str(draft.values["program_id"]), draft.values["session_date"]


async def _hold(tx: Transaction, activity: Activity, ids: Sequence[str]) -> set[str]:
    rows = await tx.fetch(
        f"""SELECT id::text FROM {activity.entity.relation}
            WHERE id = ANY ($1::text[]::uuid[]) ORDER BY id FOR NO KEY UPDATE""",
        ids,
    )
    return {row["id"] for row in rows}


async def _busy(tx: Transaction, activity: Activity, ids: Sequence[str]) -> set[str]:
    rows = await tx.fetch(
        """SELECT entity_id FROM outbox_events
           WHERE entity_type = $1 AND entity_id = ANY ($2::text[])
             AND status IN ('pending', 'processing')
           UNION
           SELECT entity_id FROM outbox_dead_letters
           WHERE entity_type = $1 AND entity_id = ANY ($2::text[]) AND resolved_at IS NULL""",
        activity.type,
        ids,
    )
    return {row["entity_id"] for row in rows}


def _recordset(activity: Activity) -> str:
    types = ", ".join(f"{name} {kind}" for name, kind in activity.columns.items())
    return f"jsonb_to_recordset($1::jsonb) AS r(id uuid, created_at timestamptz, {types})"


def _flat(draft: Draft) -> dict[str, Any]:
    return {"id": UUID(draft.id), "created_at": draft.created_at, **draft.values}
