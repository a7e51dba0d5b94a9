"""A picture of a record that exists only when the record does.

A page of another origin may show our pictures but not read our answers; loading this one tells it
that a record has arrived.
"""

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.errors import AirtableError
from tasks.dev.airtable.overview import table_page

FRESH = {"Cache-Control": "no-store"}


def seen(base: Base, request: Request) -> Response:
    """Answer `?table=NAME&search=TEXT` with the newest matching record as SVG, or with 404."""
    query = request.query_params
    try:
        rows = table_page(base, query.get("table", ""), query.get("search", ""))["rows"]
    except AirtableError:
        rows = []
    if not rows:
        return Response(status_code=404, headers=FRESH)
    cells = " · ".join(cell for cell in [rows[0]["id"], *rows[0]["cells"]] if cell)
    return Response(_drawn(cells), headers=FRESH, media_type="image/svg+xml")


def _drawn(text: str) -> str:
    width = 20 + 8 * len(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="36">'
        f'<rect width="{width}" height="36" rx="6" fill="#e6f2ee"/>'
        f'<text x="10" y="23" font-family="monospace" font-size="13" fill="#1d4b3f">'
        f"{escape(text)}</text></svg>"
    )
