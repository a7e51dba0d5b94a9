"""The shape of a person's activity in the text files."""

import msgspec

from tasks.dev.demo.model import Day, Entry


class Session(Entry, frozen=True):
    """A planned training; `done` methods were done on the day itself or `late` days after it."""

    methods: list[str]
    done: list[str]
    late: int = 0
    remark: str | None = None
    notes: str | None = None


class Program(Entry, frozen=True):
    """A program whose sessions fall on the `training` days of each week, counted from its start."""

    key: str
    start: Day
    weeks: int
    training: list[int]
    status: str
    creation: str
    goals: list[str]
    beliefs: list[str]
    milestones: list[int]
    sessions: list[Session]
    name: str | None = None
    notes: str | None = None

    @property
    def days(self) -> list[Day]:
        """The days of the sessions, in order."""
        return [self.start + 7 * week + day for week in range(self.weeks) for day in self.training]


class Practice(Entry, frozen=True):
    """A method done outside any session."""

    method: str
    day: Day
    program: str | None = None
    remark: str | None = None


class PersonalGoal(Entry, frozen=True):
    """A goal of one's own, done on the days in `done`."""

    key: str
    name: str
    status: str
    created: Day
    done: list[Day]
    description: str | None = None
    days: list[str] | None = None


class BeliefDone(Entry, frozen=True):
    """The day a belief was made one's own."""

    day: Day
    program: str | None = None


class OwnBelief(Entry, frozen=True):
    """A belief someone wrote; `day` is when it was finished."""

    name: str
    status: str
    created: Day
    program: str | None = None
    day: Day | None = None


class OldHabit(Entry, frozen=True):
    """A tick of the time when habits were methods."""

    method: str
    day: Day


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything one person did."""

    program: list[Program] = []
    practice: list[Practice] = []
    goal: list[PersonalGoal] = []
    habits: dict[str, list[Day]] = {}
    beliefs: dict[str, BeliefDone] = {}
    own_belief: list[OwnBelief] = []
    old_habit: list[OldHabit] = []
