"""Photos, sounds and films: stable links to addresses that expire."""

from api._lib.content import service as content
from api._lib.context import Context
from api._lib.guard import public
from api._lib.wire import Redirect

REMEMBERED = (("cache-control", "private, max-age=600"),)
NOT_REMEMBERED = (("cache-control", "no-store"),)


@public
async def get(ctx: Context, record_id: str, filename: str) -> Redirect:
    """Send the browser to the file of a method or media record; the name is for players only."""
    place = await content.attachment(ctx, record_id)
    return Redirect(place.url, REMEMBERED if place.is_fresh else NOT_REMEMBERED)
