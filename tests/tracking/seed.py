"""Rows the tests of tracking and rewards start from."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from api._lib.db import Database

UNKNOWN = "00000000-0000-4000-8000-000000000000"
"""A well-formed id of nothing."""


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


async def link(db: Database, kind: str, entity_id: UUID | str, airtable_id: str) -> None:
    """Say which Airtable record belongs to an entity."""
    await db.execute(
        "INSERT INTO airtable_links (entity_type, entity_id, airtable_record_id,"
        " airtable_table_id) VALUES ($1, $2, $3, 'tblTest')",
        kind,
        str(entity_id),
        airtable_id,
    )
