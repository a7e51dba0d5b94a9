"""SQL of files whose addresses expire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from api._lib.airtable.cells import RemoteFile
from api._lib.db import Queries

Owner = Literal["methods", "media"]

FIND = """
SELECT 'methods' AS owner, photo_url AS url, photo_fetched_at AS fetched_at FROM methods
WHERE id = $1 AND photo_url IS NOT NULL
UNION ALL
SELECT 'media', url, url_fetched_at FROM media WHERE id = $1 AND url IS NOT NULL"""

COLUMNS: Mapping[Owner, tuple[str, str, str]] = {
    "methods": ("photo_url", "photo_filename", "photo_fetched_at"),
    "media": ("url", "url_filename", "url_fetched_at"),
}


class Attachment(Struct, frozen=True):
    """Where a file really is, since when that address is known, and what it belongs to."""

    owner: Owner
    url: str
    fetched_at: datetime


async def find(q: Queries, record_id: str) -> Attachment | None:
    """The file of a method or media record."""
    row = await q.fetchrow(FIND, record_id)
    return None if row is None else Attachment(row["owner"], row["url"], row["fetched_at"])


async def renew(
    q: Queries, owner: Owner, files: Mapping[str, RemoteFile | None], read_at: datetime
) -> None:
    """Store fresh addresses by record id; None where there is no file any more."""
    url, filename, fetched_at = COLUMNS[owner]
    rows = [
        {"id": record_id, "url": file and file.url, "filename": file and file.filename}
        for record_id, file in sorted(files.items())
    ]
    await q.execute(
        f"""UPDATE {owner} AS t SET {url} = r.url, {filename} = r.filename,
                {fetched_at} = CASE WHEN r.url IS NOT NULL THEN $2::timestamptz END
            FROM jsonb_to_recordset($1::jsonb) AS r(id text, url text, filename text)
            WHERE t.id = r.id""",
        rows,
        read_at,
    )
