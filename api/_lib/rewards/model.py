"""What the rewards domain talks about."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct

from api._lib.wire import Key


class Kind(StrEnum):
    """Kind of an entry in the reward ledger."""

    OPENING_BALANCE = "opening_balance"
    BELIEF = "belief"
    PERSONAL_BELIEF = "personal_belief"
    STREAK = "streak"
    MILESTONE = "milestone"
    BADGE = "badge"
    LEVEL = "level"
    ADJUSTMENT = "adjustment"


class Entry(Struct, frozen=True):
    """One entry of the ledger: something a person gets once, because (kind, ref) is unique."""

    kind: Kind
    ref: str
    points: int = 0
    program_id: Key | None = None
    activity_on: date | None = None


class Session(Struct, frozen=True, array_like=True):
    """A planned session, and the day its first method was done."""

    planned_on: date
    first_done_on: date | None


class Progress(Struct, frozen=True):
    """How far a program is: planned methods, and how many of them are done."""

    program_id: Key
    planned: int
    done: int


class Activity(Struct, frozen=True):
    """What was just recorded: its day, the entry it earns itself, and the program it belongs to.

    `longest_streak` is what the streak had reached before sessions were removed.
    """

    on: date | None = None
    entry: Entry | None = None
    program_id: Key | None = None
    longest_streak: int = 0


class Account(Struct, frozen=True):
    """The mirror row of a person: the numbers as they were last stored."""

    bonus_points: int = 0
    current_streak: int = 0
    longest_streak: int = 0
    last_active_on: date | None = None
    streak_anchor_on: date | None = None
    level: int = 1
    total_points: int = 0
    mental_fitness_score: int = 0
    personal_goals_score: int = 0
    good_habits_score: int = 0


class Tally(Struct, frozen=True):
    """What was counted for a person."""

    method_points: int = 0
    habits: int = 0
    goals: int = 0
    bonus_points: int = 0


class BadgeFacts(Struct, frozen=True):
    """What only badges ask for."""

    methods: int = 0
    months_active: int = 0
    programs_started: int = 0
    programs_completed: int = 0
    first_week_done: bool = False
    all_kinds_in_one_week: bool = False


class Held(Struct, frozen=True):
    """What stands in the ledger already and cannot be earned again.

    `milestones` are those of the program of the activity, `entry` is the activity's own.
    """

    badges: Sequence[str] = ()
    streaks: frozenset[int] = frozenset()
    milestones: frozenset[int] = frozenset()
    entry: bool = False


class Facts(Struct, frozen=True):
    """Everything a recount is made of, read in one statement."""

    account: Account = Account()
    tally: Tally = Tally()
    sessions: Sequence[Session] = ()
    held: Held = Held()
    badge_facts: BadgeFacts = BadgeFacts()
    progress: Progress | None = None


class Standing(Struct, frozen=True):
    """Where a person stands."""

    total_points: int
    bonus_points: int
    current_streak: int
    longest_streak: int
    last_active_on: date | None
    badges: Sequence[str]
    level: int
    mental_fitness_score: int
    personal_goals_score: int
    good_habits_score: int


class Announcement(Struct, frozen=True):
    """What a person is told now, and where they stand."""

    standing: Standing
    points: int = 0
    badges: Sequence[str] = ()
    level_up: bool = False
    milestone: int | None = None


class Inactivity(Struct, frozen=True):
    """How long somebody has been away; `days_until_reset` 0 means the streak is gone."""

    days: int
    days_until_reset: int


class Settlement(Struct, frozen=True):
    """The outcome of a recount: the new mirror row and what enters the ledger."""

    account: Account
    entries: Sequence[Entry]
