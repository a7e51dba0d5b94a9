"""Differences that come from how a record was read on purpose (data model 11.11); pure."""

import re
from collections.abc import Mapping

from api._lib.airtable.cells import Cells, created_at
from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.model import Entity, Field, Kind
from api._lib.airtable.personal import NAMELESS_GOAL
from api._lib.sync.desired import Row
from api._lib.sync.inbound.activity_programs import DEFAULT_WEEKS

LOWEST_LEVEL = 1

READ_AS: Mapping[EntityType, Mapping[str, object]] = {
    EntityType.PROGRAM: {"duration": f"{DEFAULT_WEEKS} weken", "creationType": "Manueel"},
    EntityType.PERSONAL_GOAL: {"name": NAMELESS_GOAL, "status": "Actief"},
    EntityType.PERSOONLIJKE_OVERTUIGING: {"status": "Actief"},
}
"""What empty cells are read as."""


def is_excused(
    entity: Entity, field: Field, row: Row, record: RemoteRecord, *, was_sent: bool
) -> bool:
    """Whether the row has what the record was read as, so that nothing was lost on either side.

    What was sent once is ours: if its cell is empty now, somebody emptied it.
    """
    is_empty = field.key not in record.fields
    if entity.type is EntityType.USER and field.kind is Kind.NUMBER:
        nothing = LOWEST_LEVEL if field.name == "level" else 0
        return is_empty and bool(row[field.name] == nothing)
    if entity.type is EntityType.PROGRAM and field.name == "name":
        # A program without a name of its own has the one that Airtable computes.
        computed = Cells(entity.table, record).text("programId") or ""
        return is_empty and re.sub("[<>]", "", computed) == row["name"]
    return is_empty and not was_sent and _is_default(entity, field, row, record)


def _is_default(entity: Entity, field: Field, row: Row, record: RemoteRecord) -> bool:
    if entity.type is EntityType.PROGRAM and field.name == "status":
        # It follows from the dates.
        return True
    if field.kind is Kind.DATE:
        made = created_at(record)
        return made is not None and bool(row[field.name] == made.date().isoformat())
    return bool(row[field.name] == READ_AS.get(entity.type, {}).get(field.name))
