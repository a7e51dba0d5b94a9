"""Whether flags may be switched without losing what anybody wrote (sync 11.14)."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, structs

from api._lib.airtable.entities import RANKS, EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.mapping import ENTITIES
from api._lib.backend import CONTENT_FLAGS, combination_faults, governed_by, in_postgres
from api._lib.context import Context
from api._lib.db import Queries
from api._lib.settings import Backend
from api._lib.sync.inbound import filling
from api._lib.sync.reconcile.model import Comparison, Kind
from api._lib.sync.reconcile.run import Reconciliation, Wish

CARRYING_REWARDS = (EntityType.USER, EntityType.PROGRAM)
"""Rewards stand in fields of people, milestones in those of programs."""

BACKFILL = "python tasks/backfill.py"
RECONCILE = "python tasks/reconcile.py"


class Wanted(Struct, frozen=True):
    """Flags that somebody wants to change, together."""

    modes: Mapping[str, Backend]
    despite_dead_letters: bool = False


class Finding(Struct, frozen=True):
    """One thing that was looked at, and what to do when it is not as it must be."""

    flag: str
    text: str
    is_ok: bool
    remedy: str = ""
    is_unknown: bool = False
    """Whether it could not be looked at."""


async def preflight(ctx: Context, wanted: Wanted) -> list[Finding]:
    """Everything that must hold before these flags may be changed."""
    before = ctx.settings.backends
    faults = combination_faults(ctx.settings, {**before, **wanted.modes})
    found = [Finding("", f"{fault}, or DATA_BACKEND_ALLOW_MIXED=true", False) for fault in faults]
    for flag, mode in wanted.modes.items():
        if in_postgres(mode):
            found += await _first_fills(ctx.db, flag)
        else:
            found += await _unsent(ctx.db, flag, wanted.despite_dead_letters)
        if is_compared(before[flag], mode):
            found += await _comparisons(ctx, flag, wanted)
    return found


def is_compared(before: Backend, after: Backend) -> bool:
    """Whether the stores must agree before.

    What was kept in Postgres only differs on purpose, which matters when Airtable is to serve it.
    Otherwise Airtable lacks nothing but what waits in the outbox.
    """
    return in_postgres(after) != (before is Backend.POSTGRES_ONLY)


async def _first_fills(q: Queries, flag: str) -> list[Finding]:
    """Whether everything of a flag was once taken over from Airtable."""
    rows = await q.fetch(FILLED, [f"backfill:{name}" for name in _filled_as(flag)])
    filled = {row["key"].removeprefix("backfill:") for row in rows}
    return [
        Finding(flag, f"{name} was taken over from Airtable", True)
        if name in filled
        else Finding(flag, f"{name} was never taken over", False, f"{BACKFILL} --only {name}")
        for name in _filled_as(flag)
    ]


async def _unsent(q: Queries, flag: str, despite_dead_letters: bool) -> list[Finding]:
    """Whether all that Airtable must learn of has arrived there."""
    kinds = _with_parents(_sent_as(flag))
    if not kinds:
        return [Finding(flag, "nothing is ever written to it", True)]
    waiting = {row["kind"]: row["count"] for row in await q.fetch(WAITING, kinds)}
    dead = {row["kind"]: row["count"] for row in await q.fetch(DEAD, kinds)}
    return [
        *(_waiting(flag, kind, waiting.get(kind, 0)) for kind in kinds),
        *(_dead(flag, kind, dead.get(kind, 0), despite_dead_letters) for kind in kinds),
    ]


def _waiting(flag: str, kind: EntityType, count: int) -> Finding:
    if not count:
        return Finding(flag, f"no change of {kind} waits", True)
    remedy = "wait until the workers have sent them"
    return Finding(flag, f"{count} changes of {kind} are not in Airtable yet", False, remedy)


def _dead(flag: str, kind: EntityType, count: int, is_accepted: bool) -> Finding:
    if not count:
        return Finding(flag, f"no change of {kind} was given up", True)
    text = f"{count} changes of {kind} were given up"
    if is_accepted:
        return Finding(flag, f"{text}, which you accept", True)
    remedy = f"python tasks/dead_letters.py list --entity {kind}, or --despite-dead-letters"
    return Finding(flag, text, False, remedy)


async def _comparisons(ctx: Context, flag: str, wanted: Wanted) -> list[Finding]:
    """Whether both stores hold the same, looked at as they will be used."""
    modes = {one: _as_sent(mode) for one, mode in wanted.modes.items()}
    settings = structs.replace(ctx.settings, backends={**ctx.settings.backends, **modes})
    later = Context(structs.replace(ctx.resources, settings=settings))
    try:
        report = await Reconciliation(later, Wish(_compared_as(flag))).go()
    except AirtableError as error:
        return [Finding(flag, f"Airtable cannot be asked: {error}", False, "", True)]
    before = ctx.settings.backends[flag]
    return [_comparison(flag, comparison, before) for comparison in report.comparisons]


def _comparison(flag: str, comparison: Comparison, before: Backend) -> Finding:
    name = comparison.entity
    if comparison.error is not None:
        return Finding(flag, f"{name} could not be compared: {comparison.error}", False, "", True)
    if comparison.ok:
        return Finding(flag, f"{name} is the same in both stores", True)
    counts = {kind: comparison.counts[kind] for kind in Kind if kind is not Kind.PENDING}
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return Finding(flag, f"{name} differs: {kinds}", False, _remedy(flag, name, before))


def _remedy(flag: str, name: str, before: Backend) -> str:
    """How two stores are brought together: the one that serves now wins."""
    if flag == "REWARDS" and not in_postgres(before):
        return f"DATA_BACKEND_REWARDS=postgres_primary {RECONCILE} --entity {name} --show-values"
    if not in_postgres(before) or name not in ENTITIES:
        return f"{BACKFILL} --only {name}; what it cannot take, correct or delete in Airtable"
    mend = f"{RECONCILE} --entity {name} --repair"
    return f"postgres_primary first, then {mend}" if before is Backend.POSTGRES_ONLY else mend


def _as_sent(mode: Backend) -> Backend:
    """Airtable is compared with what it would be told, whether or not it is to be told."""
    return Backend.POSTGRES_PRIMARY if mode is Backend.POSTGRES_ONLY else mode


def _sent_as(flag: str) -> Sequence[EntityType]:
    return CARRYING_REWARDS if flag == "REWARDS" else governed_by(flag)


def _compared_as(flag: str) -> Sequence[str]:
    return CONTENT_FLAGS.get(flag) or [str(kind) for kind in _sent_as(flag)]


def _filled_as(flag: str) -> Sequence[str]:
    return [filling.REWARDS] if flag == "REWARDS" else _compared_as(flag)


def _with_parents(kinds: Iterable[EntityType]) -> list[EntityType]:
    """The kinds and all that their records link to; people are in Airtable before all else."""
    found = set(kinds)
    for kind in kinds:
        found.update(_with_parents([parent.entity for parent in ENTITIES[kind].parents]))
    return sorted(found, key=lambda kind: (RANKS[kind], kind))


FILLED = "SELECT key FROM sync_gates WHERE key = ANY ($1::text[]) AND last_ok_at IS NOT NULL"

WAITING = """
SELECT entity_type AS kind, count(*) AS count FROM outbox_events
WHERE entity_type = ANY ($1::text[]) AND status IN ('pending', 'processing') GROUP BY 1"""

DEAD = """
SELECT entity_type AS kind, count(*) AS count FROM outbox_dead_letters
WHERE entity_type = ANY ($1::text[]) AND resolved_at IS NULL GROUP BY 1"""
