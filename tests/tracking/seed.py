"""Rows the tests of tracking and rewards start from."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api._lib.context import User
from api._lib.db import Database
from api._lib.rewards import service as rewards

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ANN = "recAnn00000000001"
BOB = "recBob00000000001"


def user_of(user_id: str, zone: str = "Europe/Brussels", role: str = "Deelnemer") -> User:
    """The user a token would stand for."""
    return User(
        id=user_id,
        presented_id=user_id,
        email=f"{user_id.lower()}@example.com",
        name=user_id,
        role=role,
        language="nl",
        zone=zone,
        sid=None,
        token_issued_at=0,
        created_at=LONG_AGO,
        last_login_on=None,
    )


async def add_user(db: Database, user_id: str, role: str = "Deelnemer") -> User:
    """A person with an open rewards account."""
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO users (id, email, name, role) VALUES ($1, $2, $2, $3)",
            user_id,
            f"{user_id.lower()}@example.com",
            role,
        )
        await rewards.open_account(tx, user_id)
    return user_of(user_id, role=role)


def record_id(kind: str, number: int) -> str:
    """A record id that tells what it is: `record_id("Habit", 3)`."""
    return f"rec{kind}{number:0{14 - len(kind)}d}"


async def add_content(db: Database, methods: Sequence[int] = (8, 5, 3), others: int = 4) -> None:
    """Methods worth the given points, and a few habits and beliefs."""
    await db.executemany(
        "INSERT INTO methods (id, name, points_value) VALUES ($1, $2, $3)",
        [(record_id("Meth", n), f"Methode {n}", worth) for n, worth in enumerate(methods)],
    )
    for table, kind in (("habits", "Habit"), ("beliefs", "Belief")):
        await db.executemany(
            f"INSERT INTO {table} (id, name) VALUES ($1, $2)",
            [(record_id(kind, n), f"{kind} {n}") for n in range(others)],
        )


async def add_program(
    db: Database,
    user_id: str,
    start: date,
    sessions: Iterable[tuple[date, Sequence[int]]] = (),
    **columns: Any,
) -> tuple[UUID, list[UUID]]:
    """A program with sessions of the given methods; its id and those of its sessions."""
    program: UUID = await db.fetchval(
        "INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label,"
        " status, creation_type, notes) VALUES ($1, $2, $2::date + 27, 4, '4 weken', 'Actief', $3,"
        " $4) RETURNING id",
        user_id,
        start,
        columns.get("creation_type", "AI"),
        columns.get("notes"),
    )
    ids = [await add_session(db, program, day, methods) for day, methods in sessions]
    return program, ids


async def add_session(db: Database, program: UUID, day: date, methods: Sequence[int]) -> UUID:
    """A session of a program with the given methods."""
    session: UUID = await db.fetchval(
        "INSERT INTO program_sessions (program_id, session_date, sequence) SELECT $1, $2,"
        " 1 + count(*) FROM program_sessions WHERE program_id = $1 AND session_date = $2"
        " RETURNING id",
        program,
        day,
    )
    await db.executemany(
        "INSERT INTO session_methods (session_id, method_id, position) VALUES ($1, $2, $3)",
        [(session, record_id("Meth", n), position) for position, n in enumerate(methods)],
    )
    return session


async def link(db: Database, kind: str, entity_id: UUID, airtable_id: str) -> None:
    """Say which Airtable record belongs to an entity."""
    await db.execute(
        "INSERT INTO airtable_links (entity_type, entity_id, airtable_record_id,"
        " airtable_table_id) VALUES ($1, $2, $3, 'tblTest')",
        kind,
        str(entity_id),
        airtable_id,
    )
