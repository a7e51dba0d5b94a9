"""The texts of the client: from Postgres, else from Airtable, ready to send."""

import asyncio
import hashlib
import logging
import time
from collections import defaultdict
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

from api._lib.airtable.cells import Cells
from api._lib.airtable.content import TRANSLATIONS
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.limiter import Lane
from api._lib.cache import Cache
from api._lib.content import rules, store
from api._lib.content.model import Translations
from api._lib.content.rules import Mode
from api._lib.context import Context
from api._lib.db import DatabaseUnavailableError
from api._lib.errors import unavailable
from api._lib.messages import Language
from api._lib.wire import Encoded, encoded

log = logging.getLogger(__name__)
TEXTS_SECONDS = 1.0
"""Together with the way of a change from Airtable less than three seconds."""

REMOTE_SECONDS = 300
FAILED_SECONDS = 30

Rows = list[tuple[str, str, str | None, str | None]]
"""Texts as (key, nl, fr, en)."""


class Texts(Struct, frozen=True):
    """The answers of one language that a process remembers."""

    until: float
    by_mode: dict[Mode, Encoded]


_texts: WeakKeyDictionary[Cache, dict[Language, Texts]] = WeakKeyDictionary()
_locks: WeakKeyDictionary[Cache, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def texts(ctx: Context, language: Language, mode: Mode) -> Encoded:
    """Texts of the client in a language; raises a 503 when there are none at all."""
    return (_remembered(ctx, language) or await _read_once(ctx, language)).by_mode[mode]


def forget_texts(ctx: Context) -> None:
    """Read the texts anew at the next request to this process."""
    _texts.pop(ctx.cache, None)


def _remembered(ctx: Context, language: Language) -> Texts | None:
    known = _texts.get(ctx.cache, {}).get(language)
    return known if known is not None and known.until >= time.monotonic() else None


async def _read_once(ctx: Context, language: Language) -> Texts:
    """Read the texts for all who wait for them."""
    async with _locks.setdefault(ctx.cache, defaultdict(asyncio.Lock))[language]:
        known = _remembered(ctx, language)
        if known is None:
            remembered = _texts.setdefault(ctx.cache, {})
            known = remembered[language] = await _read_texts(ctx, language)
    return known


async def _read_texts(ctx: Context, language: Language) -> Texts:
    found = rules.translations(await _rows(ctx), language)
    return Texts(
        time.monotonic() + TEXTS_SECONDS,
        {mode: _tagged(encoded(data)) for mode, data in _by_mode(found).items()},
    )


async def _rows(ctx: Context) -> Rows:
    try:
        rows = await store.translation_rows(ctx.db)
    except DatabaseUnavailableError:
        rows = []
    rows = rows or await _remote_rows(ctx)
    if not rows:
        raise unavailable()
    return rows


async def _remote_rows(ctx: Context) -> Rows:
    """What Airtable has, asked for once in five minutes by all callers together."""
    key = f"airtable:{ctx.airtable.table_id(TRANSLATIONS)}:texts"
    async with _locks.setdefault(ctx.cache, defaultdict(asyncio.Lock))[key]:
        stored = await ctx.cache.get(key)
        if stored is not None:
            return msgspec.json.decode(stored, type=Rows)
        rows, seconds = await _ask_airtable(ctx)
        await ctx.cache.set(key, msgspec.json.encode(rows), seconds)
        return rows


async def _ask_airtable(ctx: Context) -> tuple[Rows, int]:
    try:
        records = await ctx.airtable.listing(TRANSLATIONS, Lane.INTERACTIVE)
    except AirtableError as error:
        log.warning("no texts from Airtable either", extra={"reason": type(error).__name__})
        return [], FAILED_SECONDS
    cells = [Cells(TRANSLATIONS, record) for record in records]
    return [
        ((row.text("key") or "").strip(), row.text("nl") or "", row.text("fr"), row.text("en"))
        for row in cells
    ], REMOTE_SECONDS


def _by_mode(found: Translations) -> dict[Mode, object]:
    return {"keys": found.by_key, "by-nl": found.by_nl, "full": found}


def _tagged(made: Encoded) -> Encoded:
    digest = hashlib.sha256(made.plain).hexdigest()[:24]
    return Encoded(made.plain, made.gzipped, f'W/"{digest}"')
