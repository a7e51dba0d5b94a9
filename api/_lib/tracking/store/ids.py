"""Finding records by either of their ids: our UUID or the record id in Airtable."""

from uuid import UUID

from api._lib.wire import as_uuid

EitherId = tuple[UUID | None, str]


def either(entity_id: str) -> EitherId:
    """An id of the wire as the two parameters `matching` asks for."""
    return as_uuid(entity_id), entity_id


def matching(kind: str, first: int) -> str:
    """SQL for the UUID of a record of this kind, given by parameters `first` and `first + 1`."""
    return (
        f"coalesce(${first}::uuid, (SELECT entity_id::uuid FROM airtable_links"
        f" WHERE entity_type = '{kind}' AND airtable_record_id = ${first + 1}::text))"
    )
