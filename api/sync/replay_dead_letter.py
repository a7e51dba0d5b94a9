"""Sending events again that could not be delivered to Airtable."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.airtable.entities import EntityType
from api._lib.context import Context
from api._lib.errors import bad_request, not_found
from api._lib.guard import secret
from api._lib.sync import letters
from api._lib.sync.rules import ErrorClass
from api._lib.wire import Body, Wire, given

MOST = 2**63 - 1
Number = Annotated[int, Meta(ge=1, le=MOST)]
NumberText = Annotated[str, Meta(pattern=r"^ *[0-9]{1,18} *$", max_length=40)]


class Choice(Body):
    id: Number | NumberText | UnsetType = UNSET
    ids: Annotated[list[Number], Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    entity_type: EntityType | UnsetType = UNSET
    error_class: ErrorClass | UnsetType = UNSET


class Replayed(Wire):
    replayed: bool | int
    id: int | UnsetType = UNSET


@secret("AIRTABLE_INBOUND_SYNC_SECRET")
async def post(ctx: Context, body: Choice) -> Replayed:
    """Send one event again, or several; what was settled before stays as it is."""
    if body.id is not UNSET:
        return await _replay_one(ctx, int(body.id))
    if body.ids is not UNSET:
        return Replayed(await letters.replay_letters(ctx.db, body.ids))
    search = letters.Search(given(body.entity_type), given(body.error_class))
    if search == letters.Search():
        raise bad_request("dead_letter_unnamed")
    return Replayed(await letters.replay_matching(ctx.db, search))


async def _replay_one(ctx: Context, letter_id: int) -> Replayed:
    if letter_id < 1:
        raise bad_request("dead_letter_unnamed")
    done = await letters.replay_letter(ctx.db, letter_id)
    if done is None:
        raise not_found()
    return Replayed(done, letter_id)
