"""Changing one's own profile."""

from msgspec import UNSET, UnsetType

from api._lib.accounts import service as accounts
from api._lib.accounts.model import UserView
from api._lib.context import Context, User
from api._lib.messages import Language
from api._lib.wire import Body, RecordId, Text, given
from api.users._name import trimmed


class Profile(Body):
    name: Text | UnsetType = UNSET
    language_code: Language | UnsetType = UNSET


async def patch(ctx: Context, user: User, id: RecordId, body: Profile) -> UserView:
    """Change the own name or language; a role is nothing people can give themselves (F-A1)."""
    name = None if isinstance(body.name, UnsetType) else trimmed(body.name)
    user.must_be(id)
    return await accounts.change_profile(ctx, user, name, given(body.language_code))
