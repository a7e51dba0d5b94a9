"""What a record should look like in Airtable, from its row as it is now (sync 11.5)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.formula import is_record_id
from api._lib.airtable.mapping import ENTITIES, RELATIONS
from api._lib.airtable.model import Entity, Field, Kind, Owner
from api._lib.airtable.schema import Schema
from api._lib.backend import rewards_are_sent
from api._lib.db import Queries
from api._lib.settings import Settings

Row = Mapping[str, Any]
Key = tuple[EntityType, str]


class InvalidReferenceError(Exception):
    """A link that cannot be right, so Airtable need not be asked."""


class References(Struct, frozen=True):
    """Which linked records are alive, and which are known but no longer in Airtable."""

    alive: frozenset[tuple[str, str]]
    gone: frozenset[tuple[str, str]]

    def usable(self, field: Field, ids: Iterable[str]) -> list[str]:
        """The ids Airtable will accept; content it lost is left out, as Airtable itself does."""
        table = field.links_to or ""
        kept = []
        for record_id in ids:
            if (table, record_id) in self.alive:
                kept.append(record_id)
            elif table == "users" or (table, record_id) not in self.gone:
                raise InvalidReferenceError(f"{field.name} links to a record that is not there")
        return kept


async def load_rows(q: Queries, keys: Iterable[Key]) -> dict[Key, Row]:
    """The rows that still exist, one query per kind of record."""
    wanted: dict[EntityType, list[str]] = defaultdict(list)
    for kind, entity_id in keys:
        if _can_exist(kind, entity_id):
            wanted[kind].append(entity_id)
    found: dict[Key, Row] = {}
    for kind, ids in wanted.items():
        rows = await q.fetch(ENTITIES[kind].query, ids)
        found |= {(kind, row["id"]): dict(row) for row in rows}
    return found


async def load_references(q: Queries, rows: Mapping[Key, Row]) -> References:
    """One query for all content and people that the rows link to."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for (kind, _), row in rows.items():
        for field in _content_links(ENTITIES[kind]):
            wanted[field.links_to or ""].update(filter(is_record_id, row[field.name]))
    if not wanted:
        return References(frozenset(), frozenset())
    tables = sorted(wanted)
    sql = " UNION ALL ".join(_existing(table, number) for number, table in enumerate(tables, 1))
    found = await q.fetch(sql, *(sorted(wanted[table]) for table in tables))
    return References(
        alive=frozenset((row["table"], row["id"]) for row in found if row["alive"]),
        gone=frozenset((row["table"], row["id"]) for row in found if not row["alive"]),
    )


def owned_cells(
    entity: Entity,
    row: Row,
    parents: Mapping[str, str | None],
    references: References,
    schema: Schema,
    settings: Settings,
) -> dict[str, object]:
    """Every cell that is ours to decide; raises InvalidReferenceError."""
    cells: dict[str, object] = {}
    for field in entity.owned:
        if not (schema.can_write(entity.table, field) and _is_sent(field, settings)):
            continue
        cells[field.key] = _cell(field, row, parents, references)
    return cells


def shared_cells(
    entity: Entity, row: Row, changed: Iterable[str], schema: Schema
) -> dict[str, object]:
    """The cells that both sides may change, if the event names them."""
    named = set(changed)
    return {
        field.key: row[field.name] or None
        for field in entity.shared
        if field.column in named and schema.can_write(entity.table, field)
    }


def _cell(
    field: Field, row: Row, parents: Mapping[str, str | None], references: References
) -> object:
    if field.name in parents:
        record_id = parents[field.name]
        return [record_id] if record_id else []
    value = row[field.name]
    if field.kind is Kind.LINKS:
        return references.usable(field, value)
    if field.kind is Kind.JSON_LIST:
        return msgspec.json.encode(value).decode() if value else None
    return field.cleared if value is None or value == "" else value


def _is_sent(field: Field, settings: Settings) -> bool:
    if field.owner is Owner.REWARDS:
        return rewards_are_sent(settings)
    if field.owner is Owner.EXPORT:
        return settings.sync_export_password_hash
    return True


def _content_links(entity: Entity) -> list[Field]:
    """Links to records whose key is the Airtable id; those to parents are resolved elsewhere."""
    parents = {parent.field for parent in entity.parents}
    return [
        field for field in entity.owned if field.kind is Kind.LINKS and field.name not in parents
    ]


def _existing(table: str, number: int) -> str:
    alive = ALIVE_USER if table == "users" else "archived_at IS NULL"
    return f"""
SELECT '{table}' AS "table", r.id::text AS id, {alive} AS alive
FROM {RELATIONS[table]} AS r WHERE r.id = ANY(${number}::text[])"""


ALIVE_USER = """r.status <> 'deleted' AND NOT EXISTS (
    SELECT FROM sync_tombstones AS t
    WHERE t.entity_type = 'user' AND t.airtable_record_id = r.id)"""


def _can_exist(kind: EntityType, entity_id: str) -> bool:
    """Whether the id has the form of a key, so that asking for it is no error."""
    if kind is EntityType.USER:
        return is_record_id(entity_id)
    try:
        UUID(entity_id)
    except ValueError:
        return False
    return True
