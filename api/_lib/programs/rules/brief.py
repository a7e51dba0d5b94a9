"""What a language model is told about the program it is to plan."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from api._lib.programs.rules.calendar import TrainingDate

ASKED_DATES = 70
WEEKLY = "Wekelijks"


class BriefMethod(Struct, frozen=True):
    """A method that may be planned; recommended when it serves a chosen goal."""

    id: str
    name: str
    minutes: int
    description: str = ""
    labels: tuple[str, ...] = ()
    level: str = ""
    recommended: bool = False

    @property
    def weekly(self) -> bool:
        """Whether it is meant for once a week and nothing else."""
        return self.labels == (WEEKLY,)


class Option(Struct, frozen=True):
    """A belief with its category, or a habit with its note, of which a few may be chosen."""

    id: str
    name: str
    note: str = ""


class GoalBrief(Struct, frozen=True):
    """A goal of the program."""

    name: str
    description: str = ""


class Instruction(Struct, frozen=True):
    """What editors want observed for some of the goals."""

    goals: tuple[str, ...]
    text: str


class Earlier(Struct, frozen=True):
    """What was done so far in a program whose rest is planned anew."""

    kept_sessions: int
    done_methods: int
    recent_methods: tuple[str, ...] = ()


class Brief(Struct, frozen=True, kw_only=True):
    """Everything that goes into the request; nothing of it tells who the person is."""

    start: date
    weeks: int
    dates: tuple[TrainingDate, ...]
    goals: tuple[GoalBrief, ...]
    methods: tuple[BriefMethod, ...]
    instructions: tuple[Instruction, ...] = ()
    beliefs: tuple[Option, ...] = ()
    habits: tuple[Option, ...] = ()
    texts: Mapping[str, str] = {}
    earlier: Earlier | None = None

    @property
    def asked(self) -> tuple[TrainingDate, ...]:
        """The dates that are asked for; later ones repeat the finished plan."""
        return self.dates[:ASKED_DATES]
