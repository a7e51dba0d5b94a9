"""Records of the table of people, as the gateway answers them."""

from datetime import UTC, datetime
from typing import Any

from api._lib.accounts.provisioning import Reading
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.people import USERS
from tests.people import record_id

CREATED = "2026-01-05T09:30:00.000Z"
READ_AT = datetime(2026, 3, 4, 7, 59, tzinfo=UTC)


def person_record(
    user_id: str | None = None, email: str | None = "an@voorbeeld.test", **cells: Any
) -> RemoteRecord:
    """A record; cells by the names of the mapping."""
    named = {"name": "An Voorbeeld", "email": email} | cells
    fields = {USERS.field(name).key: cell for name, cell in named.items() if cell is not None}
    return RemoteRecord(user_id or record_id("AT"), CREATED, fields)


def reading(**changes: Any) -> Reading:
    """A reading that began a minute ago."""
    return Reading(**{"started_at": READ_AT} | changes)
