"""Whether a record is certainly not there; trouble of any kind must not look like that (N2)."""

from collections.abc import Iterable

from api._lib.airtable.errors import MissingError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.limiter import Lane
from api._lib.airtable.model import Table


async def is_gone(gateway: Gateway, table: Table, record_id: str, lane: Lane) -> bool:
    """Ask for the record itself; raises AirtableError when that tells nothing.

    403 may mean that the token lost its rights, so then the table must still be readable.
    """
    try:
        await gateway.get(table, record_id, lane)
    except MissingError as error:
        if error.status == 403:
            await gateway.page(table, lane, size=1, most=1)
        return True
    return False


async def gone_among(
    gateway: Gateway, table: Table, record_ids: Iterable[str], lane: Lane
) -> frozenset[str]:
    """Those of the records that are certainly not there."""
    return frozenset(
        [record_id for record_id in record_ids if await is_gone(gateway, table, record_id, lane)]
    )
