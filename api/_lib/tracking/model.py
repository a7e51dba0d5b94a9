"""What the tracking domain talks about."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from api._lib.wire import Key


class GoalStatus(StrEnum):
    """State of a personal goal; the archived one comes from Airtable only."""

    ACTIVE = "Actief"
    ACHIEVED = "Voltooid"
    DELETED = "Verwijderd"
    ARCHIVED = "Gearchiveerd"


class BeliefStatus(StrEnum):
    """State of a personal belief."""

    ACTIVE = "Actief"
    FINISHED = "Afgerond"
    DELETED = "Verwijderd"


class Recorded(Struct, frozen=True):
    """A completion, the points it brought, and whether this request recorded it."""

    id: Key
    points: int
    is_new: bool


class MethodCompletion(Struct, frozen=True):
    """A method somebody did, loosely or inside a session of a program."""

    id: Key
    user_id: str
    method_id: str
    program_id: Key | None
    session_id: Key | None
    completed_on: date
    remark: str | None
    points: int
    method_name: str | None = None


class GoalCount(Struct, frozen=True):
    """How often a goal was completed, on a day and ever."""

    today: int
    total: int


class GoalCompletion(Struct, frozen=True):
    """A completion of a personal goal, and the counts that include it."""

    recorded: Recorded
    count: GoalCount


class Goal(Struct, frozen=True):
    """A personal goal; `schedule_days` None means never set, empty means cleared."""

    id: Key
    user_id: str
    name: str
    description: str | None
    status: GoalStatus
    schedule_days: Sequence[str] | None
    completed_on: date | None
    created_at: datetime


class GoalChange(Struct, frozen=True):
    """What of a goal changes; UNSET stays as it is."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    status: GoalStatus | UnsetType = UNSET
    schedule_days: Sequence[str] | UnsetType | None = UNSET


class PersonalBelief(Struct, frozen=True):
    """A belief somebody wrote themselves."""

    id: Key
    user_id: str
    name: str
    program_id: Key | None
    status: BeliefStatus
    completed_on: date | None
    created_at: datetime


class BeliefChange(Struct, frozen=True):
    """What of a personal belief changes; UNSET stays as it is."""

    name: str | UnsetType = UNSET
    status: BeliefStatus | UnsetType = UNSET
