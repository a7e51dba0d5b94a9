"""People as Airtable has them: the one way in for polls, webhooks and read-through."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from api._lib.accounts import passwords
from api._lib.accounts.leaving import shut_out
from api._lib.accounts.rules import arrivals as rules
from api._lib.accounts.rules.arrivals import Plan, Verdict
from api._lib.accounts.rules.records import Record, read_record
from api._lib.accounts.store import leaving
from api._lib.accounts.store import provisioning as store
from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.people import USERS
from api._lib.db import Transaction
from api._lib.notifications import service as notifications
from api._lib.outbox import Event, enqueue
from api._lib.rewards import service as rewards

log = logging.getLogger(__name__)
NAMING_PRIORITY = 50
"""After what people do just now."""

WRITTEN = frozenset({Verdict.CREATED, Verdict.UPDATED})


class Reading(Struct, frozen=True, kw_only=True):
    """How records were read: when that began, and what the source tells at all.

    `delivered` names fields as the mapping of people does, None is all of them. `gone` are ids of
    people whose record is known not to exist any more.
    """

    started_at: datetime
    delivered: frozenset[str] | None = None
    gone: frozenset[str] = frozenset()


class Arrival(Struct, frozen=True):
    """What was done with a record; `rival` is the person who has its address already."""

    id: str
    verdict: Verdict
    rival: str | None = None
    waits: bool = False
    """Whether it cannot have its address as long as others claim that, too."""


async def apply_airtable_users(
    tx: Transaction, records: Sequence[RemoteRecord], reading: Reading, now: datetime
) -> list[Arrival]:
    """Store what Airtable says about people, by the one set of rules; same order as given.

    A record whose address belongs to a person with another record is left alone and reported as
    `duplicate_email` with its `rival`. When that rival is confirmed gone from Airtable, apply the
    record again with the rival in `reading.gone`: the person keeps everything under the new id.
    """
    people = _read(records, reading)
    first = await _plans(tx, people, reading)
    touched = [plan.record for plan in first if _writes(plan)]
    if not touched:
        return _report(first, first)
    await store.lock(tx, touched)
    plans = await _settled(tx, people, reading)
    held = {record.id for record in touched}
    await _write(tx, [p for p in plans if p.record.id in held], records, reading, now)
    await _name_anew(tx, first)
    return _report(first, plans)


def _read(records: Iterable[RemoteRecord], reading: Reading) -> list[Record]:
    return [
        read_record(record.id, record.created_time, _cells(record), reading.delivered)
        for record in records
    ]


def _cells(record: RemoteRecord) -> dict[str, Any]:
    return {
        field.name: record.fields[field.key] for field in USERS.fields if field.key in record.fields
    }


async def _plans(tx: Transaction, people: Sequence[Record], reading: Reading) -> list[Plan]:
    known = await store.known(tx, people, reading.started_at)
    return rules.plan(people, known, reading.gone)


def _writes(plan: Plan) -> bool:
    return plan.verdict in WRITTEN or plan.verdict is Verdict.REKEYED


async def _settled(tx: Transaction, people: Sequence[Record], reading: Reading) -> list[Plan]:
    """Plans made under the locks, after ids have been changed where records were made anew."""
    plans = await _plans(tx, people, reading)
    moves = [(p.rival, p.record.id) for p in plans if p.verdict is Verdict.REKEYED and p.rival]
    if not moves:
        return plans
    for old_id, new_id in moves:
        await leaving.rekey(tx, old_id, new_id)
        await notifications.follow_rekey(tx, old_id, new_id)
        log.warning("a record was made anew", extra={"user_id": new_id, "former_id": old_id})
    return await _plans(tx, people, reading)


async def _name_anew(tx: Transaction, first: Sequence[Plan]) -> None:
    """Let what people did name their new record: with the former one Airtable emptied the cells."""
    for plan in first:
        if plan.verdict is Verdict.REKEYED:
            user_id = plan.record.id
            named = await leaving.records_naming(tx, user_id)
            await enqueue(tx, [_naming(user_id, kind, entity_id) for kind, entity_id in named])


def _naming(user_id: str, kind: EntityType, entity_id: str) -> Event:
    return Event(
        entity_type=kind,
        entity_id=entity_id,
        user_id=user_id,
        changed_fields=["user_id"],
        priority=NAMING_PRIORITY,
    )


async def _write(
    tx: Transaction,
    plans: Sequence[Plan],
    records: Sequence[RemoteRecord],
    reading: Reading,
    now: datetime,
) -> None:
    new = [_seeded(plan) for plan in plans if plan.verdict is Verdict.CREATED]
    changed = [plan for plan in plans if plan.verdict is Verdict.UPDATED]
    if changed:
        await _update(tx, changed, now)
    if new:
        await store.create(tx, new)
        await _open_rewards(tx, new, records, now)
    written = [*new, *changed]
    if companies := {p.record.id: p.companies for p in written if p.companies is not None}:
        await store.set_companies(tx, companies)
    if written:
        ids = [plan.record.id for plan in written]
        await store.link(tx, ids, tx.settings.airtable_tables[USERS.key], reading.started_at)


def _seeded(plan: Plan) -> Plan:
    """A hash that is none seeds nobody: they choose a first password by mail."""
    stored = plan.record.password_hash
    if stored is None or passwords.is_hash(stored):
        return plan
    log.warning("a password hash in Airtable is malformed", extra={"user_id": plan.record.id})
    return structs.replace(plan, record=structs.replace(plan.record, password_hash=None))


async def _update(tx: Transaction, plans: Sequence[Plan], now: datetime) -> None:
    rivals = {p.rival for p in plans if p.rival and "duplicate_email" not in p.alarms}
    await store.update(tx, plans, rivals)
    if left := [plan.record.id for plan in plans if plan.left]:
        await shut_out(tx, left, now)
    await notifications.mark_all_for_planning(tx, (p.record.id for p in plans), "person changed")


async def _open_rewards(
    tx: Transaction, plans: Sequence[Plan], records: Sequence[RemoteRecord], now: datetime
) -> None:
    cells = {record.id: _cells(record) for record in records}
    openings = {p.record.id: rewards.opening_of(cells[p.record.id]) for p in plans}
    await rewards.open_accounts(tx, openings, now)


def _report(first: Sequence[Plan], final: Sequence[Plan]) -> list[Arrival]:
    by_id: Mapping[str, Plan] = {plan.record.id: plan for plan in [*first, *final]}
    rekeyed = {plan.record.id for plan in first if plan.verdict is Verdict.REKEYED}
    arrivals = []
    for plan in (by_id[plan.record.id] for plan in first):
        _say(plan)
        was_rekeyed = plan.record.id in rekeyed and plan.verdict in (
            Verdict.UPDATED,
            Verdict.UNCHANGED,
        )
        verdict = Verdict.REKEYED if was_rekeyed else plan.verdict
        waits = "duplicate_email" in plan.alarms
        arrivals.append(Arrival(plan.record.id, verdict, plan.rival, waits))
    return arrivals


def _say(plan: Plan) -> None:
    for alarm in plan.alarms:
        log.error("a person's record needs attention", extra=_who(plan) | {"reason": alarm})
    for column in plan.conflicts:
        log.info("our unsent change stands", extra=_who(plan) | {"field": column})


def _who(plan: Plan) -> dict[str, object]:
    return {"user_id": plan.record.id, "rival": plan.rival}


def rivals_of(arrivals: Collection[Arrival]) -> list[str]:
    """Ids of the people whose records stand in the way of newer ones."""
    blocked = (a.rival for a in arrivals if a.verdict is Verdict.DUPLICATE_EMAIL)
    return sorted({rival for rival in blocked if rival is not None})
