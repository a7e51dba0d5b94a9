"""The page that shows the tables live."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

HERE: Final = Path(__file__).parent
FILES: Final = {"/": "index.html", "/page.css": "page.css", "/page.js": "page.js"}


def page_routes() -> list[Route]:
    """Return the routes of the page and its two assets."""
    return [Route(path, _serve) for path in FILES]


async def _serve(request: Request) -> Response:
    return FileResponse(HERE / FILES[request.url.path], headers={"Cache-Control": "no-cache"})
