"""Finding the differences between both sides of one kind of records; pure."""

from collections.abc import Iterable, Mapping, Sequence

from api._lib.airtable.cells import Cells
from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.model import Entity, Field
from api._lib.airtable.model import Kind as FieldKind
from api._lib.sync.desired import Row
from api._lib.sync.reconcile.excuses import is_excused
from api._lib.sync.reconcile.model import Comparison, Difference, Kind
from api._lib.sync.reconcile.sides import Sides
from api._lib.sync.reconcile.values import differing

Expected = Mapping[str, Mapping[str, object] | None]

NATURAL: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.METHOD_USAGE: ("user", "method", "usedAt"),
    EntityType.GOEDE_GEWOONTE_USAGE: ("user", "goedeGewoonte", "date"),
    EntityType.OVERTUIGING_USAGE: ("user", "overtuiging"),
}
"""Fields that tell whether two usages are the same one."""

DELETED = "Verwijderd"


def compare(
    entity: Entity, sides: Sides, expected: Expected, show_values: bool = False
) -> Comparison:
    """Everything in which Airtable is not what Postgres says."""
    result = Comparison(entity.type, len(sides.rows), len(sides.records))
    for key, row in sides.rows.items():
        _compare_row(result, entity, sides, key, row, expected[key], show_values)
    _compare_links(result, entity, sides)
    _compare_strangers(result, entity, sides)
    return result


def _compare_row(
    result: Comparison,
    entity: Entity,
    sides: Sides,
    key: str,
    row: Row,
    expected: Mapping[str, object] | None,
    show_values: bool,
) -> None:
    link = sides.links.get(key)
    if key in sides.unsendable:
        result.matched += 1
        return
    if link is not None and link.pushed_at is not None and link.pushed_at >= sides.read_at:
        # Written since we began to read, so what we read is old.
        result.matched += 1
        return
    record = sides.records.get(link.record_id) if link else None
    if record is None or link is None:
        record_id = link.record_id if link else None
        _add(result, sides, Kind.MISSING_IN_AIRTABLE, key, record_id)
    elif expected is None:
        _add(result, sides, Kind.LINK_MISMATCH, key, record.id, ("invalid reference",))
    else:
        fields = [
            field
            for field in differing(entity.table, expected, record.fields)
            if not is_excused(entity, field, row, record, was_sent=link.pushed_at is not None)
        ]
        _note_fields(result, sides, key, record, fields, expected if show_values else None)


def _note_fields(
    result: Comparison,
    sides: Sides,
    key: str,
    record: RemoteRecord,
    fields: Sequence[Field],
    shown: Mapping[str, object] | None,
) -> None:
    if not fields:
        result.matched += 1
    for kind, links in ((Kind.FIELD_MISMATCH, False), (Kind.LINK_MISMATCH, True)):
        part = [field for field in fields if (field.kind is FieldKind.LINKS) == links]
        if not part:
            continue
        values = None
        if shown is not None:
            values = {f.name: (shown[f.key], record.fields.get(f.key)) for f in part}
        names = tuple(field.name for field in part)
        _add(result, sides, kind, key, record.id, names, values)


def _compare_links(result: Comparison, entity: Entity, sides: Sides) -> None:
    """Links whose row is no more, or as good as deleted."""
    for key, link in sides.links.items():
        if key in sides.rows:
            continue
        record = sides.records.get(link.record_id)
        if key not in sides.existing:
            _add(result, sides, Kind.ORPHAN_LINK, key, link.record_id)
        elif record is not None and not _says_deleted(entity, record):
            _add(result, sides, Kind.RESURRECTED, key, link.record_id)


def _compare_strangers(result: Comparison, entity: Entity, sides: Sides) -> None:
    """Records without a link: deleted here, copies, or unknown to us."""
    linked = {link.record_id for link in sides.links.values()}
    seen = _keys_of(entity, sides, linked)
    strangers = [record for record in sides.records.values() if record.id not in linked]
    for record in sorted(strangers, key=lambda record: (record.created_time, record.id)):
        if record.id in sides.tombstones:
            purged = sides.tombstones[record.id]
            kind = Kind.RESURRECTED if purged else Kind.PENDING
            result.differences.append(Difference(kind, None, record.id))
            continue
        app_id = str(sides.app_ids.get(record.id, ""))
        keys = _identities(entity, sides, record)
        if any(key in seen for key in keys):
            result.add(Kind.DUPLICATE, record_id=record.id)
        elif app_id not in sides.rows:
            # Else the row just lacks its link, and is reported as missing.
            result.add(Kind.ONLY_IN_AIRTABLE, record_id=record.id)
        seen.update(keys)


def _keys_of(entity: Entity, sides: Sides, record_ids: Iterable[str]) -> set[tuple[object, ...]]:
    known = (sides.records[record_id] for record_id in record_ids if record_id in sides.records)
    return {key for record in known for key in _identities(entity, sides, record)}


def _identities(entity: Entity, sides: Sides, record: RemoteRecord) -> list[tuple[object, ...]]:
    """What makes a record the same as another: the id of ours, or who did what on which day."""
    found: list[tuple[object, ...]] = []
    if record.id in sides.app_ids:
        found.append((sides.app_ids[record.id],))
    names = NATURAL.get(entity.type)
    if names:
        cells = Cells(entity.table, record)
        values = tuple(_part(entity, cells, name) for name in names)
        if all(values):
            found.append(values)
    return found


def _part(entity: Entity, cells: Cells, name: str) -> str | None:
    is_link = entity.table.field(name).kind is FieldKind.LINKS
    return cells.link(name) if is_link else cells.text(name)


def _says_deleted(entity: Entity, record: RemoteRecord) -> bool:
    if not any(field.name == "status" for field in entity.table.fields):
        return False
    return Cells(entity.table, record).text("status") == DELETED


def _add(
    result: Comparison,
    sides: Sides,
    kind: Kind,
    key: str,
    record_id: str | None,
    fields: tuple[str, ...] = (),
    values: Mapping[str, tuple[object, object]] | None = None,
) -> None:
    found = Kind.PENDING if key in sides.busy else kind
    result.differences.append(Difference(found, key, record_id, fields, values))
