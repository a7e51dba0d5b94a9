"""Words of programs."""

from enum import StrEnum


class Status(StrEnum):
    """Where a program stands by its dates; the words are those of the Airtable select."""

    PLANNED = "Gepland"
    ACTIVE = "Actief"
    FINISHED = "Afgewerkt"


class CreationType(StrEnum):
    """Who planned the program; the web client compares the exact word for `AI`."""

    MANUAL = "Manueel"
    AI = "AI"
