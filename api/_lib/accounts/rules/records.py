"""Reading a record of the table of people, whatever its cells hold."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from msgspec import UNSET, Struct, UnsetType

from api._lib.messages import LANGUAGES
from api._lib.wire import is_record_id, parse_email

T = TypeVar("T")
STATUSES = {"": "active", "actief": "active", "geen toegang": "disabled"}


class Record(Struct, frozen=True, kw_only=True):
    """A record of the table of people; UNSET is what the source did not tell.

    An unknown status is None, and so is an address that is none.
    """

    id: str
    email: str | None
    name: str | UnsetType
    role: str | UnsetType | None
    language_code: str | UnsetType | None
    status: str | UnsetType | None
    companies: tuple[str, ...] | UnsetType
    password_hash: str | None
    last_login_on: date | None
    airtable_created_at: datetime | None


def read_record(
    record_id: str, created: str, cells: Mapping[str, Any], delivered: Collection[str] | None = None
) -> Record:
    """A record in our terms; `delivered` names what the source tells at all, None is everything."""

    def told(name: str, read: Callable[[Any], T]) -> T | UnsetType:
        if delivered is not None and name not in delivered:
            return UNSET
        return read(cells.get(name))

    return Record(
        id=record_id,
        email=_email(cells.get("email")),
        name=told("name", lambda cell: _text(cell) or ""),
        role=told("role", _text),
        language_code=told("languageCode", _language),
        status=told("status", lambda cell: STATUSES.get((_text(cell) or "").casefold())),
        companies=told("company", _record_ids),
        password_hash=_text(cells.get("passwordHash")),
        last_login_on=_day(cells.get("lastLogin")),
        airtable_created_at=_moment(cells.get("createdAt")) or _moment(created),
    )


def _email(cell: Any) -> str | None:
    try:
        return str(parse_email(cell))
    except ValueError:
        return None


def _text(cell: Any) -> str | None:
    return (cell.replace("\0", "").strip() or None) if isinstance(cell, str) else None


def _language(cell: Any) -> str | None:
    code = (_text(cell) or "")[:2].lower()
    return code if code in LANGUAGES else None


def _record_ids(cell: Any) -> tuple[str, ...]:
    ids = cell if isinstance(cell, list) else []
    return tuple(dict.fromkeys(i for i in ids if isinstance(i, str) and is_record_id(i)))


def _day(cell: Any) -> date | None:
    try:
        return date.fromisoformat(cell[:10]) if isinstance(cell, str) else None
    except ValueError:
        return None


def _moment(cell: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(cell) if isinstance(cell, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None
