"""Creating people; there is no list of them."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.accounts import service as accounts
from api._lib.accounts.model import UserView
from api._lib.accounts.service import NewPerson
from api._lib.context import Admin, Context
from api._lib.messages import Language
from api._lib.wire import Body, Email, NewPassword, Reply, Text, given
from api.users._name import trimmed

# For Python, `$` also matches before a line break at the end.
Role = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^\S(.*\S)?$(?!\n)")]


class Person(Body):
    name: Text
    email: Email
    password: NewPassword
    role: Role | UnsetType = UNSET
    language_code: Language | UnsetType = UNSET


async def post(ctx: Context, admin: Admin, body: Person) -> Reply[UserView]:
    """Create a person, in Airtable first."""
    new = NewPerson(
        name=trimmed(body.name),
        email=body.email,
        password=body.password,
        role=given(body.role),
        language_code=given(body.language_code),
    )
    return Reply(await accounts.create_person(ctx, admin, new), status=201)
