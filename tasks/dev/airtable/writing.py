"""Creating, changing, merging and deleting records: the rules of a write request."""

from typing import Any, Final

import msgspec

from tasks.dev.airtable.cells import accept
from tasks.dev.airtable.errors import AirtableError, bad_request, invalid, not_found
from tasks.dev.airtable.ids import is_record_id
from tasks.dev.airtable.records import Record
from tasks.dev.airtable.schema import Field, Table
from tasks.dev.airtable.work import Work

MAX_BATCH: Final = 10
UNMERGEABLE: Final = frozenset({"multipleRecordLinks", "multipleAttachments", "multipleSelects"})


MergeKey = str | list[tuple[Field, Any]]


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """One record of a write request."""

    fields: dict[str, Any]
    id: str | None = None


class Upsert(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The wish to merge instead of create."""

    fields_to_merge_on: list[str]


class WriteBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The body of a create or update request, for one record or for several."""

    records: list[Item] | None = None
    fields: dict[str, Any] | None = None
    typecast: bool = False
    return_fields_by_field_id: bool = False
    perform_upsert: Upsert | None = None

    def items(self) -> list[Item]:
        """Return the records of a batch or refuse its size."""
        if self.records is None:
            raise _missing("records")
        check_batch(len(self.records))
        return self.records

    def cells(self) -> dict[str, Any]:
        """Return the cells of a request about one record."""
        if self.fields is None:
            raise _missing("fields")
        return self.fields


def _missing(key: str) -> AirtableError:
    message = f'Could not find field "{key}" in the request body'
    return invalid("INVALID_REQUEST_MISSING_FIELDS", message)


def check_batch(size: int) -> None:
    """Refuse an empty batch and one of more than ten records."""
    if not 1 <= size <= MAX_BATCH:
        raise invalid("INVALID_RECORDS", f"A request holds 1 to {MAX_BATCH} records, not {size}")


def find_field(table: Table, key: str) -> Field:
    """Find a field by id or name or refuse the request."""
    field = table.field(key)
    if field is None:
        raise invalid("UNKNOWN_FIELD_NAME", f'Unknown field name: "{key}"')
    return field


def find_record(work: Work, table: Table, record_id: str | None) -> Record:
    """Find a record of the table or answer 404."""
    record = work.get(record_id) if record_id and is_record_id(record_id) else None
    if record is None or record.table != table.id:
        raise not_found()
    return record


def create(work: Work, table: Table, fields: dict[str, Any], typecast: bool) -> str:
    """Create one record and return its id."""
    cells = _accepted(work, table, None, fields, typecast)
    record = work.create(table)
    work.write(record.id, cells)
    return record.id


def update_all(
    work: Work, table: Table, items: list[Item], typecast: bool, replace: bool
) -> list[str]:
    """Change several records, each at most once."""
    if len({item.id for item in items}) < len(items):
        message = "You cannot update the same record multiple times in a single request."
        raise invalid("INVALID_RECORDS", message)
    return [update(work, table, item, typecast, replace) for item in items]


def update(
    work: Work, table: Table, item: Item, typecast: bool = False, replace: bool = False
) -> str:
    """Change one record; `replace` (PUT) empties every cell that is not named."""
    record = find_record(work, table, item.id)
    cells = _accepted(work, table, record, item.fields, typecast)
    if replace:
        others = (f.id for f in table.fields if not f.computed and f.id not in cells)
        cells = {**dict.fromkeys(others), **cells}
    work.write(record.id, cells)
    return record.id


def upsert(work: Work, table: Table, body: WriteBody, replace: bool) -> tuple[list[str], set[str]]:
    """Merge each record on the named fields; return all ids and which of them are new."""
    merge_on = _merge_fields(table, body.perform_upsert)
    merge_keys = [_merge_key(work, item, merge_on, body.typecast) for item in body.items()]
    targets = [_target(work, table, key) for key in merge_keys]
    _refuse_twins(targets, merge_keys)
    ids: list[str] = []
    created: set[str] = set()
    for item, target in zip(body.items(), targets, strict=True):
        if target is None:
            ids.append(create(work, table, item.fields, body.typecast))
            created.add(ids[-1])
        else:
            merged = Item(item.fields, target)
            ids.append(update(work, table, merged, body.typecast, replace))
    return ids, created


def delete(work: Work, table: Table, ids: list[str]) -> None:
    """Delete records, all or none."""
    for record in [find_record(work, table, record_id) for record_id in dict.fromkeys(ids)]:
        work.delete(record)


def _accepted(
    work: Work, table: Table, record: Record | None, fields: dict[str, Any], typecast: bool
) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for key, value in fields.items():
        field = find_field(table, key)
        if field.id in cells:
            raise bad_request(f'field "{field.name}" is given twice')
        cells[field.id] = accept(work, record, field, value, typecast)
    return cells


def _merge_fields(table: Table, wish: Upsert | None) -> list[Field]:
    keys = wish.fields_to_merge_on if wish else []
    if not 1 <= len(keys) <= 3:
        raise bad_request("fieldsToMergeOn names 1 to 3 fields")
    fields = [find_field(table, key) for key in keys]
    for field in fields:
        if field.computed or field.type in UNMERGEABLE:
            raise bad_request(f'field "{field.name}" cannot be merged on')
    return fields


def _merge_key(work: Work, item: Item, merge_on: list[Field], typecast: bool) -> MergeKey:
    if item.id is not None:
        return item.id
    return [(f, accept(work, None, f, _merge_value(item, f), typecast)) for f in merge_on]


def _merge_value(item: Item, field: Field) -> Any:
    for key in (field.id, field.name):
        if key in item.fields:
            return item.fields[key]
    message = f'Every record needs a value for the merge field "{field.name}"'
    raise invalid("INVALID_REQUEST_MISSING_FIELDS", message)


def _target(work: Work, table: Table, key: MergeKey) -> str | None:
    if isinstance(key, str):
        return find_record(work, table, key).id
    found = [set(work.state.matching(table, field, value)) for field, value in key]
    matches = set.intersection(*found)
    if len(matches) > 1:
        raise invalid("INVALID_RECORDS", "Cannot merge: several records match the merge fields")
    return matches.pop() if matches else None


def _refuse_twins(targets: list[str | None], keys: list[MergeKey]) -> None:
    names = [target or repr(key) for target, key in zip(targets, keys, strict=True)]
    if len(set(names)) < len(names):
        raise invalid("INVALID_RECORDS", "Several records of the request have the same merge value")
