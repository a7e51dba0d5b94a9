"""The four views named "App", which say what the app shows and in which order."""

from collections.abc import Iterable

from tasks.dev.demo import files
from tasks.dev.demo.records import links, table_id


def demo_views() -> dict[str, list[str]]:
    """Return the record ids of each "App" view in order, by table id; others are hidden."""
    beliefs = (belief for category in files.categories() for belief in category.beliefs)
    return dict(
        (
            _view("Methodes", (method.key for method in files.methods() if not method.hidden)),
            _view("Doelstellingen", (goal.key for goal in files.goals())),
            _view("Overtuigingen", (belief.name for belief in beliefs if not belief.hidden)),
            _view("Goede gewoontes", (habit.key for habit in files.habits())),
        )
    )


def _view(table: str, keys: Iterable[str]) -> tuple[str, list[str]]:
    return table_id(table), links(table, keys)
