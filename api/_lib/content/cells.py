"""How cells of content are read where that takes more than the mapping; pure."""

from api._lib.airtable.cells import Cells

WEEKDAYS = ("Maandag", "Dinsdag", "Woensdag", "Donderdag", "Vrijdag", "Zaterdag", "Zondag")
GOAL_STATUSES = ("Actief", "Afgerond", "Gepland")
SYSTEM_PROMPT, PLANNING_PROMPT = "Systeem", "Programmaopbouw"
USUAL_POINTS = 5
LARGEST = 2**31 - 1


def order(cells: Cells) -> int:
    """The place an editor gave a record, 0 where there is none."""
    return cells.whole("order", -LARGEST, LARGEST, 0)


def duration(cells: Cells) -> int:
    """Minutes of a method."""
    return cells.whole("duration", 0, LARGEST, 0)


def points(cells: Cells) -> int:
    """What a method is worth, 1 to 10."""
    value = cells.number("pointsValue")
    if value is None or value <= 0:
        return USUAL_POINTS
    return cells.whole("pointsValue", 1, 10, USUAL_POINTS)


def goal_status(cells: Cells) -> str | None:
    """The state of a goal, if it is one we know."""
    return _known(cells, "status", GOAL_STATUSES, None)


def prompt_type(cells: Cells) -> str:
    """What a prompt is for; planning, unless it says otherwise."""
    options = (SYSTEM_PROMPT, PLANNING_PROMPT)
    return _known(cells, "promptType", options, PLANNING_PROMPT) or PLANNING_PROMPT


def iso_weekday(cells: Cells) -> int | None:
    """1 for Monday to 7 for Sunday, by the name of the day."""
    name = cells.text("name")
    return WEEKDAYS.index(name) + 1 if name in WEEKDAYS else None


def _known(cells: Cells, field: str, known: tuple[str, ...], otherwise: str | None) -> str | None:
    """An option that is known, else the usual one."""
    value = cells.text(field)
    if value is not None and value not in known:
        cells.note(field, "is an unknown option")
    return value if value in known else otherwise
