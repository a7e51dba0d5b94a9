"""What is asked of Airtable's webhooks, and what their payloads say; pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from api._lib.airtable.formula import is_record_id
from api._lib.airtable.mapping import CONTENT_TABLES
from api._lib.airtable.model import Table
from api._lib.airtable.people import USERS
from api._lib.settings import Settings

PATH = "/api/sync/airtable/webhook"
WATCHED_OF_PEOPLE = ("name", "email", "company", "role", "languageCode", "status")


class Changes(Struct):
    """Records of one table that were made or changed, and those that were deleted."""

    changed: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)


class Feed(Struct):
    """What a run of payloads says, by table id; `is_whole` when none is missing."""

    tables: dict[str, Changes] = field(default_factory=dict)
    is_whole: bool = True


def wanted_url(settings: Settings) -> str | None:
    """Where Airtable shall ping; None when it shall not or cannot."""
    if settings.airtable_webhooks_enabled is False or not settings.jwt_secret:
        return None
    if settings.airtable_webhook_url:
        return settings.airtable_webhook_url
    if settings.airtable_webhooks_enabled or is_public(settings.app_url):
        return settings.app_url + PATH if settings.app_url else None
    return None


def is_public(url: str) -> bool:
    """Whether others can reach an address: https, and neither private nor this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or host == "localhost":
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return True


def specification(
    base: Iterable[Mapping[str, Any]], table_ids: Mapping[str, str], mirrored: Sequence[Table] = ()
) -> dict[str, Any]:
    """The specification of the webhook: people, content and tables that are only mirrored here.

    As far as the base tells its fields, what we write ourselves all the time is not watched, so
    that it wakes nobody.
    """
    filters: dict[str, Any] = {"dataTypes": ["tableData"]}
    if watched := _watched(base, table_ids, (*CONTENT_TABLES, *mirrored)):
        filters["watchDataInFieldIds"] = watched
    return {"options": {"filters": filters}}


def fingerprint(url: str, wanted: Mapping[str, Any]) -> str:
    """Tells whether a registered webhook is still the one we want."""
    state = msgspec.json.encode([url, wanted], order="deterministic")
    return hashlib.sha256(state).hexdigest()


def read_payloads(payloads: Sequence[Mapping[str, Any]], first: int, following: int) -> Feed:
    """The records that payloads name; numbers that are missing make the feed incomplete."""
    feed = Feed(is_whole=following - first == len(payloads))
    for payload in payloads:
        feed.is_whole = feed.is_whole and not payload.get("error")
        for table_id, part in (payload.get("changedTablesById") or {}).items():
            changes = feed.tables.setdefault(table_id, Changes())
            for name in ("createdRecordsById", "changedRecordsById"):
                changes.changed.update(filter(is_record_id, part.get(name) or ()))
            changes.destroyed.update(filter(is_record_id, part.get("destroyedRecordIds") or ()))
    return feed


def _watched(
    base: Iterable[Mapping[str, Any]], table_ids: Mapping[str, str], tables: Iterable[Table]
) -> list[str]:
    by_id = {table["id"]: {item["id"]: item["name"] for item in table["fields"]} for table in base}
    if not by_id:
        return []
    people = by_id.get(table_ids[USERS.key], {})
    watched = {USERS.field(name).key for name in WATCHED_OF_PEOPLE} & people.keys()
    for table in tables:
        fields = by_id.get(table_ids[table.key], {})
        # The fields of one table are known by their names only.
        keys = {column.key for column in table.fields}
        watched |= {key for key, name in fields.items() if key in keys or name in keys}
    return sorted(watched)
