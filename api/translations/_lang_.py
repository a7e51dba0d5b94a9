"""The texts of the client."""

from msgspec import UNSET, UnsetType

from api._lib.content import service as content
from api._lib.content.rules import Mode
from api._lib.context import Context
from api._lib.errors import bad_request
from api._lib.guard import public
from api._lib.messages import LANGUAGES
from api._lib.wire import Body, Encoded, Reply

CACHED = (("cache-control", "public, max-age=300, stale-while-revalidate=3600"),)
MODES: dict[str, Mode] = {"by-nl": "by-nl", "full": "full"}


class Choice(Body):
    mode: str | UnsetType = UNSET


@public
async def get(ctx: Context, lang: str, query: Choice) -> Reply[Encoded]:
    """Texts of a language: by key, by Dutch text, or both."""
    language = next((known for known in LANGUAGES if known == lang.lower()), None)
    if language is None:
        raise bad_request("field_invalid", field="lang")
    mode = "keys" if query.mode is UNSET else MODES.get(str(query.mode), "keys")
    return Reply(await content.texts(ctx, language, mode), headers=CACHED)
