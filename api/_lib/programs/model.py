"""Programs as they are stored and as they go over the wire."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from api._lib.wire import EntityId, Key, Wire


class Status(StrEnum):
    """Where a program stands by its dates; the words are those of the Airtable select."""

    PLANNED = "Gepland"
    ACTIVE = "Actief"
    FINISHED = "Afgewerkt"


class CreationType(StrEnum):
    """Who planned the program; the web client compares the exact word for `AI`."""

    MANUAL = "Manueel"
    AI = "AI"


class Program(Struct, frozen=True, kw_only=True):
    """A stored program with its lists in the order of the wire."""

    id: Key
    name: str | None = None
    start: date
    end: date
    duration: str
    status: Status
    creation_type: CreationType
    notes: str | None = None
    days: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    beliefs: tuple[str, ...] = ()
    milestones: tuple[str, ...] = ()


class Session(Struct, frozen=True, kw_only=True):
    """A stored session with what was done in it."""

    id: Key
    planning_code: str | None = None
    date: date | None
    weekday_id: str | None = None
    description: str | None = None
    notes: str | None = None
    methods: tuple[str, ...]
    goals: tuple[str, ...]
    completions: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()


class NewSession(Struct, frozen=True, kw_only=True):
    """A session to store."""

    id: UUID
    date: date
    weekday_id: str | None
    description: str | None
    methods: Sequence[str]


class ProgramView(Wire, kw_only=True):
    """A program without counters."""

    id: EntityId
    name: str | UnsetType = UNSET
    start_date: date
    end_date: date
    duration: str
    days_of_week: Sequence[str]
    frequency: int
    goals: Sequence[str]
    methods: Sequence[str]
    notes: str | UnsetType = UNSET
    status: Status
    creation_type: CreationType
    overtuigingen: Sequence[str]
    milestones_awarded: Sequence[str]


class ProgramItem(ProgramView, kw_only=True):
    """A program in the list."""

    total_methods: int
    completed_methods: int
    method_usage_count: int


class SessionView(Wire, kw_only=True):
    """A session of a program; `date` is empty for one that has none."""

    id: EntityId
    planning_id: str | UnsetType = UNSET
    program_id: EntityId
    date: str
    day_of_week_id: str | UnsetType = UNSET
    session_description: str | UnsetType = UNSET
    method_ids: Sequence[str]
    goal_ids: Sequence[str]
    method_usage_ids: Sequence[str]
    completed_method_ids: Sequence[str]
    is_completed: bool
    notes: str | UnsetType = UNSET
