"""Erasing oneself."""

from msgspec import UNSET, UnsetType

from api._lib.accounts import service as accounts
from api._lib.context import Context, User
from api._lib.errors import bad_request
from api._lib.wire import Body, Reply, Wire


class Confirmation(Body):
    confirm: bool | UnsetType = UNSET


class Rows(Wire):
    """Names as the client's API has them."""

    magic_link_codes: int
    overtuiging_usage: int
    goede_gewoonte_usage: int
    persoonlijke_overtuigingen: int
    user_deleted: bool
    sync_outbox: int
    sync_dead_letter: int
    airtable_id_map: int


class Removed(Wire):
    postgres: Rows
    airtable_events_queued: int


class Erasure(Wire):
    deleted: Removed


async def post(ctx: Context, user: User, body: Confirmation) -> Reply[Erasure]:
    """Erase everything about the signed-in person, here and in Airtable."""
    if body.confirm is False:
        raise bad_request("field_invalid", field="confirm")
    return Reply(_view(await accounts.erase(ctx, user)), cookies=(accounts.CLEARED,))


def _view(erased: accounts.Erased) -> Erasure:
    rows = Rows(
        magic_link_codes=erased.rows.codes,
        overtuiging_usage=erased.rows.belief_completions,
        goede_gewoonte_usage=erased.rows.habit_completions,
        persoonlijke_overtuigingen=erased.rows.personal_beliefs,
        user_deleted=True,
        sync_outbox=erased.events,
        sync_dead_letter=erased.dead_letters,
        airtable_id_map=erased.links,
    )
    return Erasure(deleted=Removed(postgres=rows, airtable_events_queued=erased.deletes))
