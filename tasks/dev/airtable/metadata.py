"""The schema as the metadata API describes it."""

from typing import Any, Final

from tasks.dev.airtable.schema import Field, Schema, Table

DATE_OPTIONS: Final = {"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}}
MOMENT_OPTIONS: Final = {
    **DATE_OPTIONS,
    "timeFormat": {"name": "24hour", "format": "HH:mm"},
    "timeZone": "utc",
}
MOMENT_RESULT: Final = {"type": "dateTime", "options": MOMENT_OPTIONS}


def describe_table(schema: Schema, table: Table) -> dict[str, Any]:
    """Return a table with its fields and views."""
    return {
        "id": table.id,
        "name": table.name,
        "primaryFieldId": table.primary,
        "fields": [describe_field(schema, field) for field in table.fields],
        "views": [{"id": v.id, "name": v.name, "type": "grid"} for v in table.views],
    }


def describe_field(schema: Schema, field: Field) -> dict[str, Any]:
    """Return a field with the options of its type."""
    shown: dict[str, Any] = {"id": field.id, "name": field.name, "type": field.type}
    if field.description:
        shown["description"] = field.description
    options = _options(schema, field)
    return {**shown, "options": options} if options is not None else shown


def _options(schema: Schema, field: Field) -> dict[str, Any] | None:
    match field.type:
        case "number":
            return {"precision": 0}
        case "date":
            return DATE_OPTIONS
        case "dateTime":
            return MOMENT_OPTIONS
        case "createdTime":
            return {"result": MOMENT_RESULT}
        case "lastModifiedTime":
            return {"isValid": True, "referencedFieldIds": [], "result": MOMENT_RESULT}
        case "checkbox":
            return {"icon": "check", "color": "greenBright"}
        case "multipleAttachments":
            return {"isReversed": False}
        case "singleSelect" | "multipleSelects":
            return {"choices": [{"id": c.id, "name": c.name} for c in field.choices or []]}
    return _relation_options(schema, field)


def _relation_options(schema: Schema, field: Field) -> dict[str, Any] | None:
    match field.type:
        case "multipleRecordLinks":
            return {
                "linkedTableId": field.links_to,
                "isReversed": False,
                "prefersSingleRecordLink": False,
                "inverseLinkFieldId": field.inverse,
            }
        case "count":
            return {"isValid": True, "recordLinkFieldId": field.through}
        case "multipleLookupValues":
            result = {"type": schema.fields[field.lookup or ""].type}
            return {
                "isValid": True,
                "recordLinkFieldId": field.through,
                "fieldIdInLinkedTable": field.lookup,
                "result": result,
            }
        case "formula":
            return _formula_options(schema, field)
    return None


def _formula_options(schema: Schema, field: Field) -> dict[str, Any]:
    formula = field.formula or ""
    names = {f.name: f.id for f in schema.home[field.id].fields}
    used = [i for name, i in names.items() if f"{{{name}}}" in formula]
    kind = "number" if "COUNTA" in formula else "singleLineText"
    options = {"options": {"precision": 0}} if kind == "number" else {}
    return {
        "isValid": True,
        "formula": formula,
        "referencedFieldIds": used,
        "result": {"type": kind, **options},
    }
