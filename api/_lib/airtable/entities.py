"""The nine kinds of records the service sends to Airtable."""

from enum import StrEnum


class EntityType(StrEnum):
    """Name of a kind of record in the outbox, the links and the tombstones."""

    USER = "user"
    PROGRAM = "program"
    PROGRAM_SCHEDULE = "program_schedule"
    METHOD_USAGE = "method_usage"
    PERSONAL_GOAL = "personal_goal"
    PERSONAL_GOAL_USAGE = "personal_goal_usage"
    OVERTUIGING_USAGE = "overtuiging_usage"
    GOEDE_GEWOONTE_USAGE = "goede_gewoonte_usage"
    PERSOONLIJKE_OVERTUIGING = "persoonlijke_overtuiging"


RANKS = {
    EntityType.USER: 0,
    EntityType.PROGRAM: 1,
    EntityType.PERSONAL_GOAL: 1,
    EntityType.GOEDE_GEWOONTE_USAGE: 1,
    EntityType.PROGRAM_SCHEDULE: 2,
    EntityType.PERSOONLIJKE_OVERTUIGING: 2,
    EntityType.METHOD_USAGE: 3,
    EntityType.PERSONAL_GOAL_USAGE: 3,
    EntityType.OVERTUIGING_USAGE: 3,
}
"""Order of dependence: a record links only to records of a lower rank."""
