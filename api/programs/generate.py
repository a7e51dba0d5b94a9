"""Having a program planned and stored at once."""

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.answers import Generated
from api._lib.wire import Reply
from api.programs._wish import Wish


async def post(ctx: Context, user: User, body: Wish) -> Reply[Generated]:
    """A plan made by a language model, stored as it is."""
    return Reply(await programs.generate(ctx, user, body.request()), status=201)
