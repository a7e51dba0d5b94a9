"""The metadata API: who am I, which bases, which tables, and new fields."""

from typing import Any

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.call import Call
from tasks.dev.airtable.fields import NewField, create_field
from tasks.dev.airtable.metadata import describe_field, describe_table
from tasks.dev.airtable.requests import decode


def whoami(base: Base, call: Call) -> Any:
    """Tell the token's user and scopes."""
    return {"id": "usrLocalStandIn001", "scopes": sorted(base.scopes)}


def list_bases(base: Base, call: Call) -> Any:
    """List the one base."""
    name, level = "Mentale fitness (lokaal)", "create"
    return {"bases": [{"id": base.options.base_id, "name": name, "permissionLevel": level}]}


def list_tables(base: Base, call: Call) -> Any:
    """Describe all tables."""
    schema = base.state.schema
    return {"tables": [describe_table(schema, table) for table in schema.tables]}


def add_field(base: Base, call: Call) -> Any:
    """Create a field."""
    body = decode(call.body, NewField)
    field = create_field(base, call.table(base), body, "publicApi")
    return describe_field(base.state.schema, field)
