"""Reading personal goals, beliefs and what was completed of them (data model 11.11)."""

from api._lib.airtable import personal
from api._lib.airtable.entities import EntityType
from api._lib.sync.inbound.activity_model import (
    Activity,
    Draft,
    Entitlement,
    RejectedError,
    Source,
    draft,
)

WEEK = ("Maandag", "Dinsdag", "Woensdag", "Donderdag", "Vrijdag", "Zaterdag", "Zondag")
GOAL_STATUSES = ("Actief", "Voltooid", "Verwijderd", "Gearchiveerd")
BELIEF_STATUSES = ("Actief", "Afgerond", "Verwijderd")
LONGEST_NAME, LONGEST_DESCRIPTION = 200, 1_000


def schedule_days(text: str | None) -> list[str] | None:
    """Days of the week of a text such as "Maandag, Vrijdag", in the order of the week."""
    if text is None:
        return None
    named = {part.strip().capitalize() for part in text.split(",")}
    return [day for day in WEEK if day in named]


def read_goal(source: Source) -> Draft:
    """A goal somebody set themselves."""
    status = source.cells.text("status")
    return draft(
        source,
        {
            "user_id": source.owner(),
            "name": source.short("name", LONGEST_NAME) or personal.NAMELESS_GOAL,
            "description": source.short("description", LONGEST_DESCRIPTION),
            "status": status if status in GOAL_STATUSES else "Actief",
            "schedule_days": schedule_days(source.cells.text("scheduleDays")),
        },
    )


def read_goal_usage(source: Source) -> Draft:
    """A completion of a goal, which must be of the same person."""
    goal = source.parent("personalGoal", EntityType.PERSONAL_GOAL)
    if goal is None:
        raise RejectedError("belongs to no goal we know")
    user_id = source.cells.link("user")
    if user_id is not None and user_id != goal.user_id:
        raise RejectedError("belongs to somebody else than its goal")
    return draft(
        source,
        {
            "user_id": goal.user_id,
            "personal_goal_id": goal.id,
            "completed_on": source.day("date"),
        },
    )


def read_habit_usage(source: Source) -> Draft:
    """A ticked habit."""
    return draft(
        source,
        {
            "user_id": source.owner(),
            "habit_id": source.content("goedeGewoonte"),
            "completed_on": source.day("date"),
        },
    )


def read_belief_usage(source: Source) -> Draft:
    """A completed belief, which paid its point when it was."""
    user_id, belief_id = source.owner(), source.content("overtuiging")
    program = source.parent("program", EntityType.PROGRAM, user_id)
    program_id = program.id if program else None
    return draft(
        source,
        {
            "user_id": user_id,
            "belief_id": belief_id,
            "program_id": program_id,
            "completed_on": source.day("date"),
        },
        granted=[Entitlement("belief", belief_id, program_id)],
    )


def read_personal_belief(source: Source) -> Draft:
    """A belief somebody wrote; a finished one paid its point when it was."""
    user_id, name = source.owner(), source.short("name", LONGEST_NAME)
    if name is None:
        raise RejectedError("has no name")
    text = source.cells.text("status")
    status = text if text in BELIEF_STATUSES else "Actief"
    is_done = status == "Afgerond"
    program = source.parent("program", EntityType.PROGRAM, user_id)
    program_id = program.id if program else None
    return draft(
        source,
        {
            "user_id": user_id,
            "name": name,
            "program_id": program_id,
            "status": status,
            "completed_on": source.day("completedDate")
            if is_done
            else source.cells.day("completedDate"),
        },
        granted=[Entitlement("personal_belief", "{id}", program_id)] if is_done else [],
    )


PERSONAL_GOAL = Activity(
    personal.PERSONAL_GOAL,
    {
        "user_id": "text",
        "name": "text",
        "description": "text",
        "status": "text",
        "schedule_days": "text[]",
    },
    read_goal,
    # Airtable does not know when a goal was achieved, nor a cleared plan from one never made.
    fitted={
        "completed_on": "CASE WHEN r.status = 'Actief' THEN NULL ELSE t.completed_on END",
        "schedule_days": "coalesce(r.schedule_days, CASE t.schedule_days WHEN '{}' THEN"
        " t.schedule_days END)",
    },
    when_gone="status = 'Verwijderd'",
)

PERSONAL_GOAL_USAGE = Activity(
    personal.PERSONAL_GOAL_USAGE,
    {"user_id": "text", "personal_goal_id": "uuid", "completed_on": "date"},
    read_goal_usage,
)

GOEDE_GEWOONTE_USAGE = Activity(
    personal.GOEDE_GEWOONTE_USAGE,
    {"user_id": "text", "habit_id": "text", "completed_on": "date"},
    read_habit_usage,
    content={"habit_id": "habits"},
    natural=("user_id", "habit_id", "completed_on"),
)

OVERTUIGING_USAGE = Activity(
    personal.OVERTUIGING_USAGE,
    {"user_id": "text", "belief_id": "text", "program_id": "uuid", "completed_on": "date"},
    read_belief_usage,
    content={"belief_id": "beliefs"},
    natural=("user_id", "belief_id"),
)

PERSOONLIJKE_OVERTUIGING = Activity(
    personal.PERSOONLIJKE_OVERTUIGING,
    {
        "user_id": "text",
        "name": "text",
        "program_id": "uuid",
        "status": "text",
        "completed_on": "date",
    },
    read_personal_belief,
    when_gone="status = 'Verwijderd'",
)
