"""Comparing people: their rewards are ours, who they are is Airtable's."""

from collections.abc import Mapping
from typing import Any

from api._lib.airtable.cells import Cells
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.people import USERS
from api._lib.db import Queries
from api._lib.messages import LANGUAGES
from api._lib.sync.reconcile.model import Comparison, Difference, Kind
from api._lib.sync.reconcile.sides import Sides
from api._lib.wire import parse_email

STATUSES = {"": "active", "actief": "active", "geen toegang": "disabled"}


async def identities(q: Queries) -> dict[str, Mapping[str, Any]]:
    """What Airtable says of people, as we have it."""
    rows = await q.fetch(
        """SELECT u.id::text AS id, u.email, u.name, u.role, u.language_code AS "languageCode",
                  u.status, ARRAY(SELECT c.company_id::text FROM user_companies AS c
                                  WHERE c.user_id = u.id ORDER BY 1) AS company
           FROM users AS u"""
    )
    return {row["id"]: dict(row) for row in rows}


def compare_identities(
    result: Comparison, sides: Sides, ours: Mapping[str, Mapping[str, Any]], show_values: bool
) -> None:
    """Add what Airtable owns or shares, and say nothing of people it does not know usably."""
    result.differences = [
        item for item in result.differences if item.kind is not Kind.ONLY_IN_AIRTABLE
    ]
    for record_id, record in sides.records.items():
        theirs = told(record)
        if theirs is None or record_id in sides.tombstones:
            continue
        row = ours.get(record_id)
        if row is None:
            result.add(Kind.ONLY_IN_AIRTABLE, record_id=record_id)
            continue
        fields = [name for name, value in theirs.items() if value != _plain(row[name])]
        if fields:
            kind = Kind.PENDING if record_id in sides.busy else Kind.FIELD_MISMATCH
            values = {name: (row[name], theirs[name]) for name in fields} if show_values else None
            result.differences.append(Difference(kind, record_id, record_id, tuple(fields), values))


def told(record: RemoteRecord) -> dict[str, object] | None:
    """What a record says of a person in our terms; None without a usable address.

    A status nobody knows says nothing, because it changes nothing.
    """
    cells = Cells(USERS, record)
    try:
        email = str(parse_email(cells.text("email")))
    except ValueError:
        return None
    language = (cells.text("languageCode") or "").strip()[:2].lower()
    found: dict[str, object] = {
        "email": email,
        "name": _plain(cells.text("name")),
        "role": _plain(cells.text("role")),
        "languageCode": language if language in LANGUAGES else None,
        "company": sorted(cells.links("company")) or None,
    }
    status = STATUSES.get((cells.text("status") or "").strip().casefold())
    return found | ({"status": status} if status else {})


def _plain(value: Any) -> object:
    if isinstance(value, str):
        return value.strip() or None
    return sorted(value) or None if isinstance(value, list) else value
