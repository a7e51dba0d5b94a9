"""A pair of stores and the flag that chooses between them."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from api._lib.airtable.entities import EntityType
from api._lib.backend import governed_by
from api._lib.context import Context
from api._lib.settings import Backend
from api._lib.switching import shadow

S = TypeVar("S")
T = TypeVar("T")


class Switch(Generic[S]):
    """The two stores of what one flag governs."""

    def __init__(
        self, flag: str, *, postgres: S, airtable: S, with_kinds: tuple[EntityType, ...] = ()
    ) -> None:
        """`with_kinds`: what else the answers are made of, so that it must have been sent too."""
        self.flag = flag
        self._with_kinds = with_kinds
        self._postgres = postgres
        self._airtable = airtable
        self._kinds = governed_by(flag)

    def store(self, ctx: Context) -> S:
        """Where changes are made."""
        airtable_only = ctx.settings.backends[self.flag] is Backend.AIRTABLE_ONLY
        return self._airtable if airtable_only else self._postgres

    async def read(
        self, ctx: Context, question: str, ask: Callable[[Context, S], Awaitable[T]]
    ) -> T:
        """The answer of the store that serves; `question` names it in logs and figures.

        In shadow mode Airtable stands in for Postgres when that fails, and some answers are
        compared after they were given.
        """
        if ctx.settings.backends[self.flag] is not Backend.POSTGRES_SHADOW_READ:
            return await ask(ctx, self.store(ctx))
        sides = shadow.Sides(
            flag=self.flag,
            kinds=self._kinds,
            made_of=(*self._kinds, *self._with_kinds),
            question=question,
            postgres=lambda other: ask(other, self._postgres),
            airtable=lambda other: ask(other, self._airtable),
        )
        return await shadow.read(ctx, sides)
