"""The shape of the text files; an unknown key or a wrong type stops the reading."""

import msgspec

Day = int  # days from today, negative in the past


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something a text file describes."""


class Goal(Entry, frozen=True):
    """A goal a program can aim at."""

    key: str
    name: str
    description: str
    status: str


class Method(Entry, frozen=True):
    """An exercise; `hidden` keeps it out of the "App" view."""

    key: str
    name: str
    minutes: int
    levels: list[str]
    frequency: list[str]
    goals: list[str]
    description: str
    technique: str
    media: list[str]
    points: int | None = None
    hidden: bool = False


class Belief(Entry, frozen=True):
    """A conviction; its name is its key."""

    name: str
    levels: list[int]
    goals: list[str]
    hidden: bool = False


class Category(Entry, frozen=True):
    """A group of beliefs."""

    key: str
    name: str
    goals: list[str]
    content: str
    beliefs: list[Belief]


class Habit(Entry, frozen=True):
    """A small daily habit."""

    key: str
    name: str
    notes: str


class Prompt(Entry, frozen=True):
    """A text for the generation of programs."""

    key: str
    name: str
    text: str
    goals: list[str] = []
    type: str | None = None


class Company(Entry, frozen=True):
    """An organisation whose people use the app."""

    key: str
    name: str
    address: str
    city: str
    country: str


class Translation(Entry, frozen=True):
    """One text of the interface; a missing language falls back on Dutch."""

    nl: str
    fr: str | None = None
    en: str | None = None


class Translations(Entry, frozen=True):
    """The texts of one part of the interface, by key."""

    context: str
    texts: dict[str, Translation]


class Rewards(Entry, frozen=True):
    """What a person has earned with the activity on record."""

    bonus: int
    streak: int
    longest: int
    level: int
    last_active: Day
    badges: list[str]


class Person(Entry, frozen=True):
    """Someone with an account."""

    key: str
    name: str
    email: str
    language: str
    companies: list[str]
    joined: Day
    role: str = "Deelnemer"
    status: str = "Actief"
    password: bool = True
    last_login: Day | None = None
    rewards: Rewards | None = None
