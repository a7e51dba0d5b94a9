"""Comparing both stores cell by cell, without the code under test."""

from collections import Counter
from typing import Any

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.model import Entity, Kind, Owner
from api._lib.db import Database
from tasks.dev.airtable.testing import AirtableServer

MADE_BY_US = [kind for kind in EntityType if kind is not EntityType.USER]


class Known(Struct, frozen=True):
    """Which record each row has, and which records there are."""

    record_of: dict[tuple[str, str], str]
    records: set[str]


async def differences(db: Database, airtable: AirtableServer) -> list[str]:
    """Everything in which Airtable is not what Postgres says, for what people make in the app."""
    links = await db.fetch("SELECT * FROM airtable_links WHERE deleted_at IS NULL")
    known = Known(
        {(row["entity_type"], row["entity_id"]): row["airtable_record_id"] for row in links},
        {record_id for rows in airtable.base.state.rows.values() for record_id in rows},
    )
    found: list[str] = []
    for kind in MADE_BY_US:
        found += await _of_kind(ENTITIES[kind], known, db, airtable)
    return found


async def _of_kind(
    entity: Entity, known: Known, db: Database, airtable: AirtableServer
) -> list[str]:
    ids = [row["id"] for row in await db.fetch(f"SELECT id FROM {entity.relation}")]
    rows = {row["id"]: dict(row) for row in await db.fetch(entity.query, ids)}
    records = airtable.control.records(entity.table.title)
    by_id = {record["fields"].get("App ID"): record for record in records}
    copies = [
        key for key, n in Counter(r["fields"].get("App ID") for r in records).items() if n > 1
    ]
    found = [f"{entity.type} {key}: {copies} copies" for key in copies]
    found += [f"{entity.type} {key}: only in Airtable" for key in by_id.keys() - rows.keys()]
    for key, row in rows.items():
        if key not in by_id:
            found.append(f"{entity.type} {key}: missing in Airtable")
            continue
        if known.record_of.get((entity.type, key)) != by_id[key]["id"]:
            found.append(f"{entity.type} {key}: linked to another record")
        found += _cells(entity, row, by_id[key]["fields"], known)
    return found


def _cells(entity: Entity, row: dict[str, Any], fields: dict[str, Any], known: Known) -> list[str]:
    parents = {parent.field: parent.entity for parent in entity.parents}
    found = []
    for field in entity.table.fields:
        if field.owner is not Owner.POSTGRES or field.computed:
            continue
        wanted = row[field.name]
        if field.name in parents:
            wanted = [known.record_of.get((parents[field.name], wanted))] if wanted else []
        elif field.kind is Kind.LINKS:
            # Content that a coach deleted is in no list any more.
            wanted = [record_id for record_id in wanted if record_id in known.records]
        if field.kind is Kind.JSON_LIST:
            continue
        if (wanted or None) != (fields.get(field.title) or None):
            found.append(
                f"{entity.type} {row['id']}: {field.title} {fields.get(field.title)} != {wanted}"
            )
    return found
