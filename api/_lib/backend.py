"""The backend flags: which store serves an entity, and which combinations make sense."""

from collections.abc import Iterator, Mapping

from api._lib.airtable.entities import RANKS, EntityType
from api._lib.settings import Backend, Settings, SettingsError

ENTITY_FLAGS = {
    EntityType.PROGRAM: "PROGRAMS",
    EntityType.PROGRAM_SCHEDULE: "PROGRAMS",
    EntityType.METHOD_USAGE: "METHOD_USAGE",
    EntityType.GOEDE_GEWOONTE_USAGE: "HABIT_USAGE",
    EntityType.PERSONAL_GOAL: "PERSONAL_GOALS",
    EntityType.PERSONAL_GOAL_USAGE: "PERSONAL_GOAL_USAGE",
    EntityType.OVERTUIGING_USAGE: "OVERTUIGING_USAGE",
    EntityType.PERSOONLIJKE_OVERTUIGING: "OVERTUIGING_USAGE",
}
"""The flag that governs an entity; users have none, they always live in Postgres."""

CONTENT_FLAGS = {
    "METHODS": (
        "methods",
        "media",
        "goals",
        "daysOfWeek",
        "experienceLevels",
        "programPrompts",
        "goedeGewoontes",
    ),
    "OVERTUIGINGEN": ("overtuigingen", "mindsetCategories"),
}
"""The tables that a flag of content governs; nothing is written to them."""

REQUIREMENTS = {
    "METHOD_USAGE": ("PROGRAMS",),
    "PERSONAL_GOAL_USAGE": ("PERSONAL_GOALS",),
    "REWARDS": ("METHOD_USAGE", "HABIT_USAGE", "PERSONAL_GOAL_USAGE", "OVERTUIGING_USAGE"),
}
"""A flag in a Postgres mode needs these flags in a Postgres mode too."""

SENDING = frozenset({Backend.POSTGRES_SHADOW_READ, Backend.POSTGRES_PRIMARY})


def governed_by(flag: str) -> list[EntityType]:
    """The entities a flag governs, parents first."""
    kinds = [kind for kind, governing in ENTITY_FLAGS.items() if governing == flag]
    return sorted(kinds, key=lambda kind: RANKS[kind])


def in_postgres(mode: Backend) -> bool:
    """Whether Postgres is where this entity is written first."""
    return mode is not Backend.AIRTABLE_ONLY


def lives_in_airtable(settings: Settings, entity_type: EntityType) -> bool:
    """Whether Airtable owns this entity, so that our rows only mirror its records."""
    flag = ENTITY_FLAGS.get(entity_type)
    return flag is not None and not in_postgres(settings.backends[flag])


def is_sent(settings: Settings, entity_type: EntityType) -> bool:
    """Whether changes of this entity travel to Airtable through the outbox."""
    flag = ENTITY_FLAGS.get(entity_type)
    return flag is None or settings.backends[flag] in SENDING


def rewards_are_sent(settings: Settings) -> bool:
    """Whether the reward fields of a user are ours to write in Airtable."""
    return settings.backends["REWARDS"] in SENDING


def broken_requirements(backends: Mapping[str, Backend]) -> Iterator[tuple[str, str]]:
    """Pairs of a flag in a Postgres mode and the flag it needs that is not."""
    for flag, needed in REQUIREMENTS.items():
        if in_postgres(backends[flag]):
            yield from ((flag, other) for other in needed if not in_postgres(backends[other]))


def check_combination(settings: Settings) -> None:
    """Refuse flags that would split dependent records over two stores; raises SettingsError."""
    if faults := combination_faults(settings, settings.backends):
        reasons = "; ".join(faults)
        raise SettingsError(f"Cannot start: {reasons} (or set DATA_BACKEND_ALLOW_MIXED=true).")


def combination_faults(settings: Settings, backends: Mapping[str, Backend]) -> list[str]:
    """Why these flags may not stand together, unless the settings allow any mixture."""
    if settings.data_backend_allow_mixed:
        return []
    return [
        f"DATA_BACKEND_{flag} is in a Postgres mode, so DATA_BACKEND_{other} must be too"
        for flag, other in broken_requirements(backends)
    ]
