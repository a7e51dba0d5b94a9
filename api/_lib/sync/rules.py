"""Pure rules of the sending half: classes of failure, waiting times, halving, hashes."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import msgspec

T = TypeVar("T")

JITTER = 0.2
"""Waiting times vary by a fifth, so that failures do not return all at once."""

CONFIGURATION_WAIT = 60.0
REFUSALS_TO_DIE = 2
AUTOMATIC_REPLAYS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))
"""After its death, an event that died of an outage is tried again three times."""

OPTIONAL_PARENT_SECONDS = 300
"""A record waits that long for a dead parent it could do without."""


class ErrorClass(StrEnum):
    """Why an event was not delivered (sync 11.8)."""

    THROTTLED = "throttled"
    TRANSIENT = "transient"
    AMBIGUOUS = "ambiguous"
    CONFIGURATION = "configuration"
    GONE = "gone"
    PERMANENT = "permanent"
    INVALID_REFERENCE = "invalid_reference"
    BUG = "bug"


def backoff(attempts: int, base: float, roll: float) -> float:
    """Seconds before the next try after so many; `roll` in [0, 1) spreads by a fifth each way."""
    return base * attempts**2 * (1 - JITTER + 2 * JITTER * roll)


def is_final(attempts: int, most: int) -> bool:
    """Whether the event has used up its tries."""
    return attempts >= most


def halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Two parts of a refused batch, to find the record that spoils it."""
    middle = len(items) // 2
    return items[:middle], items[middle:]


def batch_size(attempts: int, most: int) -> int:
    """Records per request for an event that failed so often: fewer, then alone."""
    if attempts < 2:
        return most
    return max(1, most // 2) if attempts == 2 else 1


def cells_hash(table_id: str, record_id: str, cells: Mapping[str, object]) -> str:
    """Fingerprint of what a record looks like after a write; equal means nothing to send."""
    state = {"table": table_id, "record": record_id, "cells": dict(sorted(cells.items()))}
    return hashlib.sha256(msgspec.json.encode(state, order="deterministic")).hexdigest()
