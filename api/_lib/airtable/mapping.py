"""The one table that pairs what the server knows with what stands in Airtable."""

from api._lib.airtable import content, people, personal, programs
from api._lib.airtable.entities import EntityType
from api._lib.airtable.model import Entity, Parent, Table

APP_ID = "App ID"
"""Name of the text field that holds our id and on which every create merges (sync 11.6)."""

ENTITIES: dict[EntityType, Entity] = {
    entity.type: entity
    for entity in (
        people.USER,
        programs.PROGRAM,
        programs.PROGRAM_SCHEDULE,
        programs.METHOD_USAGE,
        personal.GOEDE_GEWOONTE_USAGE,
        personal.PERSONAL_GOAL,
        personal.PERSONAL_GOAL_USAGE,
        personal.OVERTUIGING_USAGE,
        personal.PERSOONLIJKE_OVERTUIGING,
    )
}

CONTENT_TABLES: tuple[Table, ...] = (
    people.COMPANIES,
    content.GOALS,
    content.EXPERIENCE_LEVELS,
    content.MEDIA,
    content.METHODS,
    content.DAYS_OF_WEEK,
    content.PROGRAM_PROMPTS,
    content.MINDSET_CATEGORIES,
    content.OVERTUIGINGEN,
    content.GOEDE_GEWOONTES,
    content.TRANSLATIONS,
)
"""Tables that Airtable owns; a table stands after those it links to, as far as that is possible."""

WRITABLE_TABLES: tuple[Table, ...] = tuple(entity.table for entity in ENTITIES.values())
"""The nine tables that need the App ID field."""

TABLES: dict[str, Table] = {table.key: table for table in (*WRITABLE_TABLES, *CONTENT_TABLES)}

ENTITY_OF_TABLE: dict[str, Entity] = {entity.table.key: entity for entity in ENTITIES.values()}

RELATIONS: dict[str, str] = {
    "users": "users",
    "companies": "companies",
    "methods": "methods",
    "goals": "goals",
    "daysOfWeek": "weekdays",
    "experienceLevels": "experience_levels",
    "programPrompts": "program_prompts",
    "media": "media",
    "overtuigingen": "beliefs",
    "mindsetCategories": "mindset_categories",
    "goedeGewoontes": "habits",
    "translations": "translations",
}
"""Postgres table of the records whose key is the Airtable id, by logical table name."""


def children_of(entity: EntityType) -> list[tuple[Entity, Parent]]:
    """The entities that link to records of this one, and by which link."""
    return [
        (child, parent)
        for child in ENTITIES.values()
        for parent in child.parents
        if parent.entity is entity
    ]
