"""An invented Dutch base that fills every table, so that a fresh copy has something to show.

Texts stand in the TOML files, one per subject; the modules turn them into records. A pair of link
fields is written from one side only, the one `tasks/dev/airtable/schema.json` does not mark as
derived: completions name their session or program, programs their methods, goals, weekdays and
beliefs, methods their goals, levels and media, beliefs their category, people their company.
"""

from datetime import date

from tasks.dev.demo.activity import add_activity
from tasks.dev.demo.content import add_content
from tasks.dev.demo.people import DEMO_PASSWORD, LOGINS, Login, add_people
from tasks.dev.demo.records import Base, DemoRecord, schema
from tasks.dev.demo.views import demo_views

__all__ = ["DEMO_PASSWORD", "LOGINS", "DemoRecord", "Login", "demo_base", "demo_views"]


def demo_base(today: date) -> dict[str, list[DemoRecord]]:
    """Return all records by table id, linked ones first; programs and activity lie round today."""
    base = Base(today)
    add_content(base)
    add_people(base)
    add_activity(base)
    for table in schema().tables:
        base.tables.setdefault(table.id, [])
    return base.tables
