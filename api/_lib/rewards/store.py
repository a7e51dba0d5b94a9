"""What the rewards domain reads from and writes to Postgres."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct, convert, structs

from api._lib.db import Connection, Database, Queries, Record, Transaction
from api._lib.rewards import queries
from api._lib.rewards.model import (
    Account,
    Activity,
    BadgeFacts,
    Entry,
    Facts,
    Held,
    Progress,
    Session,
    Tally,
)

_RECALCULATION = 7_266_932_011
"""Key of the advisory lock that only one recalculation holds."""


_USERS = """
SELECT u.id::text, p.timezone FROM users AS u
LEFT JOIN notification_preferences AS p ON p.user_id = u.id"""


class UserZone(Struct, frozen=True):
    """A user, and the time zone they chose."""

    id: str
    zone: str | None


class Told(Struct, frozen=True):
    """What a person is told about now: points, badges, and whether a level is among it."""

    points: int
    badges: Sequence[str] = ()
    level_up: bool = False


class Claim(Struct, frozen=True):
    """What became of a claimed milestone; no points when it was told before."""

    known: bool
    reached: bool
    points: int | None


async def open_account(tx: Transaction, user_id: str) -> None:
    """Make the rewards row of a user who has none yet."""
    await tx.execute(
        "INSERT INTO user_rewards (user_id) VALUES ($1) ON CONFLICT DO NOTHING", user_id
    )


async def lock(tx: Transaction, user_id: str) -> bool:
    """Hold a user's rewards until the end of the transaction; False when there are none.

    The user row comes first, as in every transaction that may remove or re-key a user.
    """
    row = await tx.fetchrow(
        "SELECT FROM users AS u JOIN user_rewards AS r ON r.user_id = u.id WHERE u.id = $1"
        " FOR KEY SHARE OF u FOR UPDATE OF r",
        user_id,
    )
    return row is not None


async def read(db: Queries, user_id: str, today: date) -> Facts:
    """What a look at the rewards needs."""
    row = await db.fetchrow(queries.READ, user_id, today)
    return Facts() if row is None else _facts(row)


async def count(tx: Transaction, user_id: str, today: date, activity: Activity) -> Facts:
    """Everything a recount needs; call it while holding the lock."""
    entry = activity.entry
    row = await tx.fetchrow(
        queries.RECOUNT,
        user_id,
        today,
        activity.program_id,
        entry and entry.kind,
        entry and entry.ref,
    )
    if row is None:
        raise LookupError(f"user {user_id} has no rewards row")
    return _all_facts(row, activity)


async def write(
    tx: Transaction,
    user_id: str,
    account: Account,
    entries: Sequence[Entry],
    announced_at: datetime | None = None,
) -> None:
    """Store the mirror row and new ledger entries."""
    rows = [
        structs.asdict(entry) | {"position": position} for position, entry in enumerate(entries)
    ]
    await tx.execute(queries.WRITE, user_id, rows, announced_at, *structs.astuple(account))


async def announce(
    tx: Transaction, user_id: str, method_id: str | None, since: datetime, now: datetime
) -> Told:
    """Mark the latest completion of a method and all bonuses but milestones as told."""
    day = since.date() - timedelta(days=1)  # the user's day may lag behind UTC's
    [row] = await tx.fetch(queries.ANNOUNCE, user_id, method_id, since, day, now)
    return Told(row["points"], row["badges"], row["level_up"])


async def announce_milestone(
    tx: Transaction,
    user_id: str,
    program: tuple[UUID | None, str | None],
    milestone: int,
    now: datetime,
) -> Claim:
    """Mark a milestone of an own program as told."""
    arguments = (user_id, *program, str(milestone), now)
    [row] = await tx.fetch(queries.ANNOUNCE_MILESTONE, *arguments)
    return Claim(row["known"], row["reached"], row["points"])


async def points_by_record(q: Queries, user_id: str) -> dict[str, int]:
    """What a person's completed methods were worth, by their records in Airtable."""
    rows = await q.fetch(queries.POINTS_BY_RECORD, user_id)
    return {row["record_id"]: row["points"] for row in rows}


async def milestones_by_record(q: Queries, user_id: str) -> dict[str, list[str]]:
    """The milestones that a person's programs reached, by their records in Airtable."""
    rows = await q.fetch(queries.MILESTONES_BY_RECORD, user_id)
    return {row["record_id"]: row["milestones"] for row in rows}


async def claim_recalculation(connection: Connection) -> bool:
    """Be the only one who recalculates, until the connection is given back."""
    claimed: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", _RECALCULATION)
    return claimed


async def active_users(db: Database, after: str, limit: int) -> list[UserZone]:
    """Active users in the order of their ids, those after `after`."""
    rows = await db.fetch(
        f"{_USERS} WHERE u.status = 'active' AND u.id > $1 ORDER BY u.id LIMIT $2", after, limit
    )
    return [UserZone(*row) for row in rows]


async def count_active_users(db: Database, after: str) -> int:
    """How many active users there are after `after`."""
    found: int = await db.fetchval(
        "SELECT count(*) FROM users WHERE status = 'active' AND id > $1", after
    )
    return found


async def user(db: Database, user_id: str) -> UserZone | None:
    """A user in whatever state."""
    row = await db.fetchrow(f"{_USERS} WHERE u.id = $1", user_id)
    return None if row is None else UserZone(*row)


def _facts(row: Record) -> Facts:
    return Facts(
        account=Account(*(row[field] for field in Account.__struct_fields__)),
        tally=Tally(row["method_points"], row["habits"], row["goals"], row["ledger_points"]),
        sessions=convert(row["sessions"], list[Session]),
        held=Held(badges=row["badges"]),
    )


def _all_facts(row: Record, activity: Activity) -> Facts:
    program = activity.program_id
    return structs.replace(
        _facts(row),
        held=Held(
            badges=row["badges"],
            streaks=frozenset(map(int, row["streaks"])),
            milestones=frozenset(map(int, row["milestones"] or ())),
            entry=row["entry"],
        ),
        badge_facts=BadgeFacts(
            methods=row["methods"],
            months_active=row["months_active"],
            programs_started=row["programs_started"],
            programs_completed=row["completed"],
            first_week_done=row["first_week_done"],
            all_kinds_in_one_week=row["all_kinds_in_one_week"],
        ),
        progress=Progress(program, row["planned"], row["done"]) if program else None,
    )
