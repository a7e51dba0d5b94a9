"""Running a comparison of both stores, and what it found."""

from typing import Any

from api._lib.context import Context
from api._lib.sync.reconcile.model import Comparison, Kind, Report
from api._lib.sync.reconcile.run import KINDS, Reconciliation, Wish


async def run(ctx: Context, *kinds: str, **wish: Any) -> Report:
    """What a comparison of these kinds, else of all, reports."""
    return await Reconciliation(ctx, Wish(kinds or KINDS, **wish)).go()


async def found(ctx: Context, kind: str, **wish: Any) -> Comparison:
    """What was found of one kind."""
    [comparison] = (await run(ctx, kind, **wish)).comparisons
    return comparison


def kinds(comparison: Comparison) -> list[Kind]:
    """The kinds of its differences, sorted."""
    return sorted(difference.kind for difference in comparison.differences)
