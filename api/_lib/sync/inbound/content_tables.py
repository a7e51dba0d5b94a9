"""What becomes of each content table: its Postgres columns, how they are read, its links."""

from collections.abc import Callable

from msgspec import Struct

from api._lib.airtable import content, people
from api._lib.airtable.cells import Cells
from api._lib.airtable.model import Table
from api._lib.content import cells as read
from api._lib.sync.inbound.link_store import LinkTable


class Column(Struct, frozen=True):
    """A Postgres column and how its value is read."""

    name: str
    read: Callable[[Cells], object]
    type: str = "text"


class FileColumns(Struct, frozen=True):
    """The three columns of an attachment, which change together."""

    field: str
    url: str
    filename: str
    fetched_at: str
    thumbnail: bool = False


class ContentTable(Struct, frozen=True):
    """How one table of content is imported."""

    table: Table
    relation: str
    columns: tuple[Column, ...]
    links: tuple[LinkTable, ...] = ()
    file: FileColumns | None = None
    key: str = "id"
    unique: str | None = None
    """A column that may hold a value once; of several records the first keeps it."""
    before: str | None = None
    """Statement that frees unique values which the rows ($1) take from other rows."""

    @property
    def name(self) -> str:
        """Logical name of the Airtable table."""
        return self.table.key

    @property
    def holds_one_of_a_kind(self) -> bool:
        """Whether records vie for a key or a value, so that one alone does not tell its row."""
        return self.key != "id" or self.unique is not None


def _text(field: str) -> Callable[[Cells], str | None]:
    return lambda cells: cells.text(field)


def _words(field: str) -> Callable[[Cells], str]:
    return lambda cells: cells.text(field) or ""


NAME = Column("name", _words("name"))

COMPANIES = ContentTable(people.COMPANIES, "companies", (NAME,))
GOALS = ContentTable(
    content.GOALS,
    "goals",
    (
        NAME,
        Column("description", _text("description")),
        Column("status", read.goal_status),
    ),
)
EXPERIENCE_LEVELS = ContentTable(
    content.EXPERIENCE_LEVELS, "experience_levels", (NAME, Column("notes", _text("notes")))
)
MEDIA = ContentTable(
    content.MEDIA,
    "media",
    (Column("filename", _text("filename")), Column("media_type", _text("type"))),
    file=FileColumns("file", "url", "url_filename", "url_fetched_at"),
)
METHODS = ContentTable(
    content.METHODS,
    "methods",
    (
        NAME,
        Column("duration_minutes", read.duration, "int"),
        Column("description", _text("description")),
        Column("technique", _text("techniek")),
        Column("optimal_frequency", lambda cells: cells.selects("optimalFrequency"), "text[]"),
        Column("points_value", read.points, "smallint"),
    ),
    links=(
        LinkTable("method_goals", "method_id", "goal_id", "goals", "linkedGoals"),
        LinkTable(
            "method_experience_levels",
            "method_id",
            "experience_level_id",
            "experience_levels",
            "experienceLevel",
        ),
        LinkTable("method_media", "method_id", "media_id", "media", "media"),
    ),
    file=FileColumns("photo", "photo_url", "photo_filename", "photo_fetched_at", thumbnail=True),
)
DAYS_OF_WEEK = ContentTable(
    content.DAYS_OF_WEEK,
    "weekdays",
    (NAME, Column("iso_weekday", read.iso_weekday, "smallint")),
    unique="iso_weekday",
    before="""
UPDATE weekdays AS w SET iso_weekday = NULL
FROM jsonb_to_recordset($1::jsonb) AS r(key text, iso_weekday smallint)
WHERE w.iso_weekday = r.iso_weekday AND w.id <> r.key""",
)
PROGRAM_PROMPTS = ContentTable(
    content.PROGRAM_PROMPTS,
    "program_prompts",
    (
        NAME,
        Column("prompt", _words("prompt")),
        Column("prompt_type", read.prompt_type),
    ),
    links=(LinkTable("prompt_goals", "prompt_id", "goal_id", "goals", "goals"),),
)
MINDSET_CATEGORIES = ContentTable(
    content.MINDSET_CATEGORIES,
    "mindset_categories",
    (
        NAME,
        Column("display_order", read.order, "int"),
        Column("content", _text("content")),
    ),
    links=(
        LinkTable("category_goals", "category_id", "goal_id", "goals", "goals"),
        LinkTable(
            "belief_categories",
            "category_id",
            "belief_id",
            "beliefs",
            "overtuigingen",
            "category_position",
            "belief_position",
        ),
    ),
)
OVERTUIGINGEN = ContentTable(
    content.OVERTUIGINGEN,
    "beliefs",
    (
        NAME,
        Column("display_order", read.order, "int"),
        Column("levels", lambda cells: cells.selects("levels"), "text[]"),
    ),
    links=(
        LinkTable("belief_goals", "belief_id", "goal_id", "goals", "goals"),
        LinkTable(
            "belief_categories",
            "belief_id",
            "category_id",
            "mindset_categories",
            "category",
            "belief_position",
            "category_position",
        ),
    ),
)
GOEDE_GEWOONTES = ContentTable(
    content.GOEDE_GEWOONTES, "habits", (NAME, Column("notes", _text("notes")))
)
TRANSLATIONS = ContentTable(
    content.TRANSLATIONS,
    "translations",
    (
        Column("nl", _words("nl")),
        Column("fr", _text("fr")),
        Column("en", _text("en")),
        Column("context", _text("context")),
        Column("airtable_record_id", lambda cells: cells.record.id),
    ),
    key="key",
    before="""
UPDATE translations AS t SET airtable_record_id = NULL
FROM jsonb_to_recordset($1::jsonb) AS r(key text, airtable_record_id text)
WHERE t.airtable_record_id = r.airtable_record_id AND t.key <> r.key""",
)

REFERENCE: tuple[ContentTable, ...] = (
    COMPANIES,
    GOALS,
    EXPERIENCE_LEVELS,
    MEDIA,
    METHODS,
    DAYS_OF_WEEK,
    PROGRAM_PROMPTS,
    MINDSET_CATEGORIES,
    OVERTUIGINGEN,
    GOEDE_GEWOONTES,
)
"""Tables that link to each other come after those they link to, as far as that is possible."""

CONTENT: dict[str, ContentTable] = {table.name: table for table in (*REFERENCE, TRANSLATIONS)}
