"""Records as Airtable keeps them, written down by the Dutch names of tables and fields."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, TypedDict
from uuid import NAMESPACE_DNS, uuid5

from tasks.dev.airtable.ids import ALPHABET
from tasks.dev.airtable.schema import Schema, load_schema

APP_ID: Final = "App ID"
NAMESPACE: Final = uuid5(NAMESPACE_DNS, "demo.test")
FIRST_HOUR: Final = time(5, tzinfo=UTC)

Cells = dict[str, Any]


class DemoRecord(TypedDict):
    """A record with its cells by field id; `App ID` and translations go by field name."""

    id: str
    createdTime: str
    fields: Cells


@cache
def schema() -> Schema:
    """Return the tables and fields of the base."""
    return load_schema()


def table_id(name: str) -> str:
    """Return the id of a table."""
    return schema().by_key[name].id


def record_id(table: str, key: str) -> str:
    """Make the id of a record, always the same for the same table and key."""
    number = int.from_bytes(hashlib.sha256(f"{table}:{key}".encode()).digest())
    digits = []
    for _ in range(14):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "rec" + "".join(digits)


def links(table: str, keys: Iterable[str]) -> list[str]:
    """Make the content of a link cell."""
    return [record_id(table, key) for key in keys]


class Base:
    """The records made so far, table by table."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.tables: dict[str, list[DemoRecord]] = {}

    def date(self, day: int) -> date:
        """Return the date of a day counted from today."""
        return self.today + timedelta(days=day)

    def day(self, day: int) -> str:
        """Write a day counted from today as a date cell."""
        return self.date(day).isoformat()

    def add(self, table: str, key: str, created: int, cells: Cells) -> None:
        """Add a record made on a day counted from today; empty cells are left out."""
        records = self.tables.setdefault(table_id(table), [])
        moment = datetime.combine(self.date(created), FIRST_HOUR) + timedelta(seconds=len(records))
        filled = {name: cell for name, cell in cells.items() if cell not in (None, "", [])}
        records.append(
            DemoRecord(
                id=record_id(table, key),
                createdTime=moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                fields={_field_key(table, name): cell for name, cell in filled.items()},
            )
        )

    def add_activity(self, table: str, key: str, created: int, cells: Cells) -> None:
        """Add a record of the kind the app makes itself, with its own id in `App ID`."""
        app_id = str(uuid5(NAMESPACE, f"{table}:{key}"))
        self.add(table, key, created, {**cells, APP_ID: app_id})


def _field_key(table: str, name: str) -> str:
    # The ids of these fields differ from base to base, so they are addressed by name everywhere.
    if name == APP_ID or table == "Vertalingen":
        return name
    field = schema().by_key[table].field(name)
    if field is None:
        raise KeyError(f"{table} has no field {name}")
    return field.id
