"""What one transaction means to one webhook: its payload, or nothing."""

from typing import Any, Final

from tasks.dev.airtable.clock import iso
from tasks.dev.airtable.reading import cell, display_name, is_empty, show_cell
from tasks.dev.airtable.records import Record, RecordChange
from tasks.dev.airtable.schema import Field, Table
from tasks.dev.airtable.state import State
from tasks.dev.airtable.webhooks.model import Filters, Includes, WishOptions

MAX_LINKS: Final = 100  # a habit may have thousands of ticks, and every tick reports the list
PERSON: Final = {
    "id": "usrLocalStandIn001",
    "email": "local@example.com",
    "permissionLevel": "create",
}


def payload_for(
    state: State, wish: WishOptions, changes: list[RecordChange], source: str
) -> dict[str, Any] | None:
    """Build the payload of one transaction, or None when the filters leave nothing."""
    filters = wish.filters
    if "tableData" not in filters.data_types:
        return None
    if filters.from_sources and source not in filters.from_sources:
        return None
    tables: dict[str, dict[str, Any]] = {}
    for change in changes:
        _report(state, wish, change, tables)
    return _wrap(state, source, {"changedTablesById": tables}) if tables else None


def new_field_payload(
    state: State, wish: WishOptions, table: Table, field: Field, source: str
) -> dict[str, Any] | None:
    """Build the payload of a new field, or None when the webhook does not watch fields."""
    filters = wish.filters
    if "tableFields" not in filters.data_types or filters.record_change_scope not in (
        None,
        table.id,
    ):
        return None
    created = {field.id: {"name": field.name, "type": field.type}}
    changed = {table.id: {"createdFieldsById": created}}
    return _wrap(state, source, {"changedTablesById": changed})


def _wrap(state: State, source: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "timestamp": iso(state.clock.now()),
        "baseTransactionNumber": state.transactions,
        "payloadFormat": "v0",
        "actionMetadata": {"source": source, "sourceMetadata": {"user": PERSON}},
        **content,
    }


def _report(
    state: State, wish: WishOptions, change: RecordChange, tables: dict[str, dict[str, Any]]
) -> None:
    kind = "add" if change.before is None else "update" if change.after else "remove"
    if wish.filters.change_types and kind not in wish.filters.change_types:
        return
    if not _in_scope(state, wish.filters, change) or not _watched(state, wish.filters, change):
        return
    part = tables.setdefault(change.table, {})
    if change.after is None:
        part.setdefault("destroyedRecordIds", []).append(change.record_id)
    elif change.before is None:
        created = part.setdefault("createdRecordsById", {})
        created[change.record_id] = _created(state, change.after)
    else:
        changed = part.setdefault("changedRecordsById", {})
        changed[change.record_id] = _changed(state, wish.includes, change, change.after)


def _in_scope(state: State, filters: Filters, change: RecordChange) -> bool:
    scope = filters.record_change_scope
    if scope is None or scope == change.table:
        return True
    view = state.schema.by_key[change.table].view(scope)
    return view is not None and change.record_id not in view.hidden


def _watched(state: State, filters: Filters, change: RecordChange) -> bool:
    """New and deleted records count for every watched field of their table."""
    watched = set(filters.watch_data_in_field_ids)
    if not watched:
        return True
    if change.before and change.after:
        return bool(watched & change.fields)
    return any(field.id in watched for field in state.schema.by_key[change.table].fields)


def _created(state: State, record: Record) -> dict[str, Any]:
    fields = state.schema.by_key[record.table].fields
    return {
        "createdTime": iso(record.created),
        "cellValuesByFieldId": _values(state, record, fields),
    }


def _changed(
    state: State, includes: Includes | None, change: RecordChange, after: Record
) -> dict[str, Any]:
    fields = [state.schema.fields[f] for f in sorted(change.fields)]
    current = {field.id: _value(state, after, field) for field in fields}
    report: dict[str, Any] = {"current": {"cellValuesByFieldId": current}}
    if includes and includes.include_previous_cell_values and change.before:
        stored = [field for field in fields if not field.derived]
        previous = _values(state, change.before, stored)
        report["previous"] = {"cellValuesByFieldId": previous}
    if includes and includes.include_cell_values_in_field_ids is not None:
        others = _included(state, includes, change)
        report["unchanged"] = {"cellValuesByFieldId": _values(state, after, others)}
    return report


def _included(state: State, includes: Includes, change: RecordChange) -> list[Field]:
    wanted = includes.include_cell_values_in_field_ids or []
    fields = state.schema.by_key[change.table].fields
    return [f for f in fields if f.id not in change.fields and (wanted == "all" or f.id in wanted)]


def _values(state: State, record: Record, fields: list[Field]) -> dict[str, Any]:
    values = {field.id: _value(state, record, field) for field in fields}
    return {key: value for key, value in values.items() if not is_empty(value)}


def _value(state: State, record: Record, field: Field) -> Any:
    """Write a cell in the feed's form: links and options as objects with id and name."""
    value = cell(state, record, field)
    if field.links_to:
        rows = (state.get(record_id) for record_id in value[-MAX_LINKS:])
        return [{"id": row.id, "name": display_name(state, row)} for row in rows if row]
    if field.choices is not None and value:
        ids = {choice.name: choice.id for choice in field.choices}
        named = [{"id": ids.get(name), "name": name} for name in _listed(value)]
        return named if isinstance(value, list) else named[0]
    return show_cell(state, record, field)


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
