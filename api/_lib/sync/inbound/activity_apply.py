"""What a batch of activity records does to ours, inside one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from msgspec import Struct, field

from api._lib.airtable.cells import Cells
from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.db import Queries, Transaction
from api._lib.sync.inbound import activity_history as history
from api._lib.sync.inbound import activity_store as store
from api._lib.sync.inbound.activity_model import (
    Activity,
    Draft,
    Lookup,
    RejectedError,
    Source,
)
from api._lib.sync.inbound.activity_store import Known
from api._lib.sync.inbound.outcome import Outcome


class Batch(Struct, frozen=True):
    """Records of one kind, how they were read, and whether Airtable's values win."""

    records: Sequence[RemoteRecord]
    app_ids: Mapping[str, UUID]
    read_at: datetime
    today: date
    table_id: str
    overwrites: bool
    """Rows that were never sent may be changed, too; else only new ones are stored."""
    is_owner: bool = False
    """Airtable owns these records, so that even rows we sent once follow it."""
    is_written: bool = False
    """A request has just written them, and counts itself what they earn."""
    made_at: datetime | None = None
    """When that request made them, if it did; nobody was told of them yet."""


class Applied(Struct):
    """Counts, and what was wrong with which record."""

    outcome: Outcome = field(default_factory=Outcome)
    problems: dict[str, list[str]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """Records whose rows are new or differed."""

    def add(self, other: "Applied") -> None:
        """Add what another part did."""
        self.outcome.add(other.outcome)
        self.problems |= other.problems
        self.written += other.written

    def reject(self, record_id: str, reason: str) -> None:
        """Count a record that cannot be taken."""
        self.outcome.failed += 1
        self.problems.setdefault(record_id, []).append(reason)


async def apply_activity(tx: Transaction, activity: Activity, batch: Batch) -> Applied:
    """Store a batch; records of ours that are being changed here stay as they are."""
    applied = Applied()
    applied.outcome.read = len(batch.records)
    drafts = await _drafts(tx, activity, batch, applied)
    known = await store.known_by_record(tx, activity, [d.record_id for d in drafts])
    old = [draft for draft in drafts if draft.record_id in known]
    for draft in old:
        draft.id = known[draft.record_id].id
    fresh = [draft for draft in drafts if draft.record_id not in known]
    new, adopted = await _identified(tx, activity, fresh, applied)
    changing = [d for d in old if _may_change(known[d.record_id], batch)]
    changed = await _write(tx, activity, new, changing)
    await store.link(tx, activity, [*new, *adopted], batch.table_id, batch.read_at)
    differed = [draft for draft in changing if draft.id in changed]
    # What the request wrote is newer than any listing that is under way (sync 11.10.3).
    await store.note_read(tx, activity, changing if batch.is_written else differed, batch.read_at)
    if batch.is_written:
        await _take_back(tx, activity, old, changed, batch)
    else:
        await history.grant(tx, [*new, *adopted, *differed])
    applied.written = [draft.record_id for draft in (*new, *adopted, *differed)]
    applied.outcome.inserted = len(new)
    applied.outcome.updated = len(changed)
    applied.outcome.unchanged = len(old) + len(adopted) - len(changed)
    return applied


async def lookup(q: Queries, activity: Activity, batch: Batch) -> Lookup:
    """Everything the records of a batch refer to."""
    cells = [Cells(activity.entity.table, record) for record in batch.records]
    owners = [field.name for field in activity.entity.table.fields if field.links_to == "users"]
    users = {user for row in cells for name in owners for user in row.links(name)}
    parents: dict[EntityType, set[str]] = defaultdict(set)
    for row in cells:
        for parent in activity.entity.parents:
            parents[parent.entity].update(row.links(parent.field))
    methods: set[str] = set()
    if activity.type is EntityType.METHOD_USAGE:
        methods = {method for row in cells for method in row.links("method")}
    return Lookup(
        users=await store.users_among(q, sorted(users)),
        parents=await store.parents_among(q, {k: sorted(ids) for k, ids in parents.items()}),
        points=await store.points_of_methods(q, sorted(methods)),
        today=batch.today,
    )


async def _drafts(
    tx: Transaction, activity: Activity, batch: Batch, applied: Applied
) -> list[Draft]:
    """The readable records, oldest first, without those deleted here."""
    known = await lookup(tx, activity, batch)
    dead = await store.dead_among(tx, activity.type, [record.id for record in batch.records])
    drafts = []
    for record in batch.records:
        if record.id in dead:
            applied.outcome.skipped += 1
            continue
        cells = Cells(activity.entity.table, record)
        try:
            draft = activity.read(Source(cells, known, batch.app_ids.get(record.id)))
        except RejectedError as error:
            applied.reject(record.id, str(error))
            continue
        draft.app_id = batch.app_ids.get(record.id)
        if batch.made_at is not None:
            _as_new(draft, batch.made_at)
        drafts.append(draft)
        if cells.problems:
            applied.problems[record.id] = cells.problems
    return sorted(drafts, key=lambda draft: (draft.created_at, draft.record_id))


def _as_new(draft: Draft, made_at: datetime) -> None:
    draft.created_at = made_at
    if "announced_at" in draft.values:
        draft.values["announced_at"] = None


async def _identified(
    tx: Transaction, activity: Activity, drafts: Sequence[Draft], applied: Applied
) -> tuple[list[Draft], list[Draft]]:
    """New rows with their ids, and existing rows that get their record; copies are refused."""
    asked = sorted({str(draft.app_id) for draft in drafts if draft.app_id})
    keys, owners = await store.rows_of_keys(tx, activity, drafts)
    owners |= await store.owners_of_ids(tx, activity, asked)
    new: list[Draft] = []
    adopted: list[Draft] = []
    for draft in drafts:
        key = tuple(str(draft.values[name]) for name in activity.natural)
        found = _existing(draft, key, owners, keys)
        record_id = owners.get(found) if found else None
        if record_id is not None:
            applied.reject(draft.record_id, f"repeats {record_id}")
            continue
        draft.id = found or (str(draft.app_id) if draft.app_id else str(uuid4()))
        (adopted if found else new).append(draft)
        owners[draft.id] = draft.record_id
        if key:
            keys[key] = draft.id
    return new, adopted


def _existing(
    draft: Draft,
    key: tuple[str, ...],
    owners: Mapping[str, str | None],
    keys: Mapping[tuple[str, ...], str],
) -> str | None:
    """The row that is this record: by the id it carries, else by what makes it unique."""
    app_id = str(draft.app_id)
    return app_id if app_id in owners else keys.get(key)


def _may_change(known: Known, batch: Batch) -> bool:
    """Whether a row of ours may follow its record (I8)."""
    if known.is_busy or (known.is_newer_than(batch.read_at) and not batch.is_written):
        return False
    return batch.is_owner or (batch.overwrites and not known.was_sent)


async def _write(
    tx: Transaction, activity: Activity, new: Sequence[Draft], changing: Sequence[Draft]
) -> set[str]:
    """Store rows and lists; the ids of existing rows that differed."""
    written = [*new, *changing]
    await store.add_content(tx, activity, written)
    if activity.type is EntityType.PROGRAM_SCHEDULE:
        await store.number_sessions(tx, written)
    await store.insert(tx, activity, new)
    changed = await store.update(tx, activity, changing)
    await store.write_all_lists(tx, activity, new)
    return changed | await store.write_all_lists(tx, activity, changing)


async def _take_back(
    tx: Transaction, activity: Activity, old: Sequence[Draft], changed: set[str], batch: Batch
) -> None:
    """Let count and be told what an import that was quicker than the request took for history."""
    is_made = batch.made_at is not None
    if is_made and "announced_at" in activity.once:
        await history.untell(tx, activity, old)
    await history.ungrant(tx, [draft for draft in old if is_made or draft.id not in changed])
