"""Administrators create people: first the record in Airtable, whose id becomes the key."""

from uuid import uuid4

from msgspec import Struct

from api._lib.accounts import passwords
from api._lib.accounts.model import Account, UserView, view_of
from api._lib.accounts.provisioning import Reading, apply_airtable_users
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.accounts.store import people
from api._lib.accounts.store.creating import claim_address
from api._lib.airtable import formula
from api._lib.airtable.errors import AirtableError, RefusedError
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.people import USERS
from api._lib.airtable.schema import UNKNOWN_FIELD, known_schema
from api._lib.airtable.tables import UNKNOWN_OPTION
from api._lib.context import Admin, Context
from api._lib.errors import ApiError, Kind, bad_request, conflict, unavailable
from api._lib.limits import CREATE_USER_USER, Use

DEFAULT_ROLE = "Deelnemer"
CREATED = frozenset({Verdict.CREATED, Verdict.UPDATED, Verdict.UNCHANGED})


class NewPerson(Struct, frozen=True, kw_only=True):
    """Who is to be created."""

    name: str
    email: str
    password: str
    role: str | None = None
    language_code: str | None = None


async def create_person(ctx: Context, admin: Admin, new: NewPerson) -> UserView:
    """Create a person in Airtable and here; raises a 409 when the address is taken, a 503 when
    Airtable cannot take the record."""
    await ctx.limits.take(Use(CREATE_USER_USER, admin.id))
    if objection := passwords.objection(new.password, new.email):
        raise objection
    stored = await passwords.hashed(new.password)
    async with ctx.db.connection() as connection:
        if not await claim_address(connection, new.email):
            raise conflict("email_taken")
        if await people.account_by_email(ctx.db, new.email) is not None:
            raise conflict("email_taken")
        reading = Reading(started_at=ctx.clock.now())
        record = await _recorded(ctx, new)
        return view_of(await _stored(ctx, record, reading, stored))


async def _recorded(ctx: Context, new: NewPerson) -> RemoteRecord:
    try:
        return await _make_record(ctx, new)
    except RefusedError as error:
        if error.kind == UNKNOWN_FIELD:
            raise unavailable() from error
        if error.kind == UNKNOWN_OPTION:  # where the base lists the roles there are
            raise bad_request("field_invalid", field="role") from error
        raise ApiError(Kind.BAD_GATEWAY, "upstream_failed") from error
    except AirtableError as error:
        raise unavailable() from error


async def _make_record(ctx: Context, new: NewPerson) -> RemoteRecord:
    merge_on = await _app_id_key(ctx)
    where = formula.equals_ignoring_case(USERS.field("email").title, new.email)
    page = await ctx.airtable.page(USERS, Lane.INTERACTIVE, where=where, size=1, most=1)
    if page.records:
        raise conflict("email_taken")
    cells = {
        "name": new.name,
        "email": new.email,
        "role": new.role or DEFAULT_ROLE,
        "languageCode": new.language_code,
    }
    keyed = {USERS.field(name).key: cell for name, cell in cells.items() if cell is not None}
    [record] = await ctx.airtable.upsert(
        USERS, merge_on, [{merge_on: str(uuid4()), **keyed}], Lane.INTERACTIVE
    )
    return record


async def _app_id_key(ctx: Context) -> str:
    """The field on which creates merge; raises a 503 when the table is known to lack it."""
    schema = await known_schema(ctx.db)
    if schema is None:
        return APP_ID
    key = schema.app_id(USERS)
    if key is None:
        raise unavailable()
    return key


async def _stored(ctx: Context, record: RemoteRecord, reading: Reading, stored: str) -> Account:
    async with ctx.db.transaction() as tx:
        [arrival] = await apply_airtable_users(tx, [record], reading, ctx.clock.now())
        if arrival.verdict not in CREATED:
            raise conflict("email_taken")
        await people.set_first_password_hash(tx, record.id, stored)
        account = await people.account_by_id(tx, record.id)
    if account is None:
        raise conflict("email_taken")
    return account
