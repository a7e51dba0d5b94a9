"""A whole comparison: every kind of records by itself, stored, and repaired where asked."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.schema import Schema, check_schema, known_schema
from api._lib.backend import ENTITY_FLAGS
from api._lib.context import Context
from api._lib.db import DatabaseUnavailableError
from api._lib.settings import Backend
from api._lib.sync.inbound.activity import ACTIVITIES
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.reconcile import store
from api._lib.sync.reconcile.adopt import adopt
from api._lib.sync.reconcile.compare import compare
from api._lib.sync.reconcile.content import compare_content
from api._lib.sync.reconcile.model import Comparison, Difference, Kind, Report, Scope
from api._lib.sync.reconcile.parity import COUNTED, compare_parity
from api._lib.sync.reconcile.people import compare_identities, identities
from api._lib.sync.reconcile.repair import repair_content, repair_entity, repair_people
from api._lib.sync.reconcile.sides import Sides, expected_cells, read_sides

log = logging.getLogger(__name__)

MOST_REPAIRS = 500
PARITY = "rewards"
KINDS: tuple[str, ...] = (*(str(kind) for kind in ENTITIES), *CONTENT)
"""Everything that can be compared, by name."""

Notice = Callable[[Comparison], None]


class Wish(Struct, frozen=True):
    """What to compare and what to do about it."""

    kinds: Sequence[str] = KINDS
    scope: Scope = Scope()
    repair: bool = False
    adopt: bool = False
    most_repairs: int | None = MOST_REPAIRS


class Reconciliation:
    """One run."""

    def __init__(self, ctx: Context, wish: Wish, notice: Notice = lambda comparison: None) -> None:
        self._ctx = ctx
        self._wish = wish
        self._notice = notice
        self._schema = Schema()
        self._sides: dict[EntityType, Sides] = {}
        self.report = Report()

    async def go(self) -> Report:
        """Compare every kind that was asked for; one that cannot be compared stops no other."""
        ctx = self._ctx
        self._schema = await known_schema(ctx.db) or await check_schema(ctx.airtable, ctx.db)
        for name in self._wish.kinds:
            await self._one(name, self._comparing(name))
        if self._may_count and set(COUNTED.values()) <= self._sides.keys():
            await self._one(PARITY, lambda: compare_parity(ctx.db, self._sides))
        return self.report

    @property
    def _may_count(self) -> bool:
        scope = self._wish.scope
        return scope.since is None and scope.sample is None and not scope.counts_only

    def _comparing(self, name: str) -> Callable[[], Awaitable[Comparison]]:
        if name in CONTENT:
            return lambda: compare_content(self._ctx, CONTENT[name], self._wish.scope)
        return lambda: self._entity(EntityType(name))

    async def _one(self, name: str, comparing: Callable[[], Awaitable[Comparison]]) -> None:
        run = await store.begin_run(self._ctx.db, name)
        began, calls = time.monotonic(), self._ctx.airtable.calls
        try:
            comparison = await comparing()
        except (AirtableError, DatabaseUnavailableError) as error:
            comparison = Comparison(name, error=f"{type(error).__name__}: {error}")
        comparison.seconds = round(time.monotonic() - began, 3)
        comparison.calls = self._ctx.airtable.calls - calls
        if self._wish.scope.counts_only and comparison.postgres != comparison.airtable:
            comparison.add(Kind.PARITY, fields=("count",))
        await store.end_run(self._ctx.db, run, comparison)
        self.report.comparisons.append(comparison)
        self._notice(comparison)
        if comparison.error is None:
            await self._mend(comparison)

    async def _entity(self, kind: EntityType) -> Comparison:
        ctx, scope, entity = self._ctx, self._wish.scope, ENTITIES[kind]
        if self._mode(kind) is Backend.POSTGRES_ONLY:
            return Comparison(kind, note="kept in Postgres only")
        sides = await read_sides(ctx, entity, self._schema, scope)
        self._sides[kind] = sides
        if scope.counts_only:
            return Comparison(kind, len(sides.rows), len(sides.records))
        expected = await expected_cells(ctx, entity, sides.rows, self._schema)
        comparison = compare(entity, sides, expected, scope.show_values)
        if kind is EntityType.USER:
            ours = await identities(ctx.db)
            compare_identities(comparison, sides, ours, scope.show_values)
        return comparison

    async def _mend(self, comparison: Comparison) -> None:
        if self._wish.repair:
            chosen = self._within_limit(comparison.real)
            self.report.repaired += await self._repair(comparison, chosen)
        if self._wish.adopt and comparison.entity in ENTITIES:
            kind = EntityType(comparison.entity)
            strangers = [d for d in comparison.real if d.kind is Kind.ONLY_IN_AIRTABLE]
            if kind in ACTIVITIES and strangers:
                self.report.adopted += await adopt(
                    self._ctx, ACTIVITIES[kind], self._sides[kind], strangers
                )

    async def _repair(self, comparison: Comparison, chosen: Sequence[Difference]) -> int:
        if comparison.entity in CONTENT:
            return await repair_content(self._ctx, comparison)
        if not chosen or comparison.entity == PARITY:
            return 0
        kind = EntityType(comparison.entity)
        if kind is EntityType.USER:
            return await repair_people(self._ctx, self._sides[kind], chosen)
        if self._mode(kind) is Backend.AIRTABLE_ONLY:
            return await adopt(self._ctx, ACTIVITIES[kind], self._sides[kind], chosen)
        mendable = [d for d in chosen if d.kind is not Kind.ONLY_IN_AIRTABLE]
        return await repair_entity(self._ctx, kind, self._sides[kind], mendable)

    def _within_limit(self, found: Sequence[Difference]) -> Sequence[Difference]:
        most = self._wish.most_repairs
        if most is None:
            return found
        room = max(0, most - self.report.repaired)
        self.report.left += max(0, len(found) - room)
        return found[:room]

    def _mode(self, kind: EntityType) -> Backend:
        flag = ENTITY_FLAGS.get(kind)
        modes: Mapping[str, Backend] = self._ctx.settings.backends
        return modes[flag] if flag else Backend.POSTGRES_PRIMARY
