"""What Airtable says about people: what we know of them, and storing what changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from api._lib.accounts.rules.arrivals import Plan
from api._lib.accounts.rules.known import Known, Row
from api._lib.accounts.rules.records import Record
from api._lib.db import Queries, Transaction
from api._lib.db import Record as DbRecord

# Two records with one address are handled one after the other, even when neither is a row yet.
_LOCK_ADDRESSES = """
SELECT pg_advisory_xact_lock(key) FROM (
    SELECT DISTINCT hashtextextended(email, 20) AS key FROM unnest($1::text[]) AS email ORDER BY 1
) AS address"""

_LOCK_PEOPLE = "SELECT FROM users WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"

_KNOWN = """
SELECT p.id, u.email, u.name, u.role, u.language_code, u.status,
       u.missing_since IS NOT NULL AS missing,
       ARRAY(SELECT c.company_id::text FROM user_companies AS c
             WHERE c.user_id = u.id ORDER BY c.position, c.company_id) AS companies,
       ARRAY(SELECT c.id::text FROM unnest(p.companies) WITH ORDINALITY AS told(id, place)
             JOIN companies AS c ON c.id = told.id ORDER BY told.place) AS existing_companies,
       ARRAY(SELECT DISTINCT field FROM outbox_events AS e, unnest(e.changed_fields) AS field
             WHERE e.user_id = u.id AND e.entity_type = 'user' AND e.entity_id = u.id
               AND e.status NOT IN ('processed', 'superseded')
               AND (e.status <> 'dead_letter' OR EXISTS (
                   SELECT FROM outbox_dead_letters AS d
                   WHERE d.outbox_id = e.id AND d.resolved_at IS NULL))) AS kept,
       r.id AS rival, r.status AS rival_status,
       EXISTS (SELECT FROM sync_tombstones AS t
               WHERE t.entity_type = 'user' AND t.airtable_record_id = p.id) AS tombstoned,
       l.pushed_at IS NOT NULL AND l.pushed_at >= $2 AS stale,
       l.entity_id IS NOT NULL AS linked
FROM jsonb_to_recordset($1::jsonb) AS p(id text, email text, companies text[])
LEFT JOIN users AS u ON u.id = p.id
LEFT JOIN users AS r ON lower(r.email) = p.email AND r.id <> p.id
LEFT JOIN airtable_links AS l ON l.entity_type = 'user' AND l.entity_id = p.id"""

_INSERT = """
INSERT INTO users (id, email, name, role, language_code, status, password_hash, last_login_on,
                   airtable_created_at)
SELECT id, email, name, role, language_code, status, password_hash, last_login_on,
       airtable_created_at
FROM jsonb_to_recordset($1::jsonb) AS p(
    id text, email text, name text, role text, language_code text, status text,
    password_hash text, last_login_on date, airtable_created_at timestamptz)"""

# An address is unique at every moment, so those that change hands are laid down first.
_LAY_DOWN = """
UPDATE users SET email = lower(id) || '@none.invalid' WHERE id = ANY($1::text[])"""

_UPDATE = """
UPDATE users AS u
SET email = p.email, name = p.name, role = p.role, language_code = p.language_code,
    status = p.status, missing_since = NULL,
    deleted_at = CASE WHEN p.status = 'deleted' THEN u.deleted_at END,
    airtable_created_at = coalesce(p.airtable_created_at, u.airtable_created_at)
FROM jsonb_to_recordset($1::jsonb) AS p(
    id text, email text, name text, role text, language_code text, status text,
    airtable_created_at timestamptz)
WHERE u.id = p.id"""

_COMPANIES = """
WITH told AS (
    SELECT p.id AS user_id, c.id AS company_id, c.place - 1 AS position
    FROM jsonb_to_recordset($1::jsonb) AS p(id text, companies text[])
    CROSS JOIN unnest(p.companies) WITH ORDINALITY AS c(id, place)
), dropped AS (
    DELETE FROM user_companies AS c
    WHERE c.user_id = ANY(SELECT id FROM jsonb_to_recordset($1::jsonb) AS p(id text))
      AND NOT EXISTS (SELECT FROM told
                      WHERE told.user_id = c.user_id AND told.company_id = c.company_id)
)
INSERT INTO user_companies (user_id, company_id, position)
SELECT user_id, company_id, position FROM told
ON CONFLICT (user_id, company_id) DO UPDATE SET position = excluded.position"""

_LINKS = """
INSERT INTO airtable_links AS l
    (entity_type, entity_id, airtable_record_id, airtable_table_id, pulled_at)
SELECT 'user', id, id, $2, $3 FROM unnest($1::text[]) AS id
ON CONFLICT (entity_type, entity_id) DO UPDATE
SET airtable_table_id = excluded.airtable_table_id, pulled_at = excluded.pulled_at,
    deleted_at = NULL"""


async def lock(tx: Transaction, records: Sequence[Record]) -> None:
    """Hold the addresses and the rows of records until the transaction ends."""
    await tx.execute(_LOCK_ADDRESSES, [record.email for record in records if record.email])
    await tx.execute(_LOCK_PEOPLE, [record.id for record in records])


async def lock_address(tx: Transaction, email: str) -> None:
    """Hold one address until the transaction ends."""
    await tx.execute(_LOCK_ADDRESSES, [email])


async def known(
    q: Queries, records: Sequence[Record], read_started_at: datetime
) -> dict[str, Known]:
    """What we know about the people of records, by record id."""
    asked = [
        {"id": record.id, "email": record.email, "companies": record.companies or ()}
        for record in records
    ]
    rows = await q.fetch(_KNOWN, asked, read_started_at)
    return {row["id"]: _known(row) for row in rows}


async def create(tx: Transaction, plans: Sequence[Plan]) -> None:
    """Store new people."""
    await tx.execute(_INSERT, [_row(plan, seed=True) for plan in plans])


async def update(tx: Transaction, plans: Sequence[Plan], laid_down: Iterable[str]) -> None:
    """Store changed people; `laid_down` give up their address first."""
    if ids := sorted(laid_down):
        await tx.execute(_LAY_DOWN, ids)
    await tx.execute(_UPDATE, [_row(plan) for plan in plans])


async def set_companies(tx: Transaction, companies: Mapping[str, Sequence[str]]) -> None:
    """Store whole lists of companies by user."""
    rows = [{"id": user_id, "companies": ids} for user_id, ids in companies.items()]
    await tx.execute(_COMPANIES, rows)


async def link(
    tx: Transaction, user_ids: Sequence[str], table_id: str, pulled_at: datetime
) -> None:
    """Note that people were read from Airtable."""
    await tx.execute(_LINKS, sorted(user_ids), table_id, pulled_at)


def _known(row: DbRecord) -> Known:
    ours = Row(**{name: row[name] for name in Row.__struct_fields__}) if row["email"] else None
    return Known(
        row=ours,
        companies=tuple(row["companies"]),
        existing_companies=tuple(row["existing_companies"]),
        kept=frozenset(row["kept"]),
        **{
            name: row[name]
            for name in ("rival", "rival_status", "tombstoned", "stale", "linked", "missing")
        },
    )


def _row(plan: Plan, *, seed: bool = False) -> dict[str, Any]:
    values = structs.asdict(plan.row) if plan.row else {}
    values |= {"id": plan.record.id, "airtable_created_at": plan.record.airtable_created_at}
    if seed:
        values |= {
            "password_hash": plan.record.password_hash,
            "last_login_on": plan.record.last_login_on,
        }
    return values
