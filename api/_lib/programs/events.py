"""Outbox events of programs (programs sheet 7)."""

from collections.abc import Iterable

from api._lib.airtable.entities import EntityType
from api._lib.outbox import Event
from api._lib.wire import Key

GONE = 20
PROGRAM = 30
SESSION_EDITED = 35
SESSION = 40


def program_saved(user_id: str, program_id: Key) -> Event:
    """A program was made or changed."""
    return Event(
        entity_type=EntityType.PROGRAM, entity_id=program_id, user_id=user_id, priority=PROGRAM
    )


def programs_gone(user_id: str, ids: Iterable[Key]) -> list[Event]:
    """Programs were deleted."""
    return [_gone(EntityType.PROGRAM, user_id, id, GONE) for id in ids]


def sessions_saved(user_id: str, ids: Iterable[Key], priority: int = SESSION) -> list[Event]:
    """Sessions were made or changed."""
    return [_saved(EntityType.PROGRAM_SCHEDULE, user_id, id, priority) for id in ids]


def sessions_gone(user_id: str, ids: Iterable[Key], priority: int) -> list[Event]:
    """Sessions were deleted."""
    return [_gone(EntityType.PROGRAM_SCHEDULE, user_id, id, priority) for id in ids]


def completions_saved(user_id: str, ids: Iterable[Key]) -> list[Event]:
    """Method completions lost their session (P19)."""
    return [_saved(EntityType.METHOD_USAGE, user_id, id, SESSION) for id in ids]


def _saved(kind: EntityType, user_id: str, id: Key, priority: int) -> Event:
    return Event(entity_type=kind, entity_id=id, user_id=user_id, priority=priority)


def _gone(kind: EntityType, user_id: str, id: Key, priority: int) -> Event:
    return Event(
        entity_type=kind, entity_id=id, user_id=user_id, operation="delete", priority=priority
    )
