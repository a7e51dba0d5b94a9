"""What people did: programs, sessions and completions."""

from typing import Any

from tasks.dev.demo import files
from tasks.dev.demo.content import WEEKDAYS
from tasks.dev.demo.programs import add_program
from tasks.dev.demo.records import Base, record_id
from tasks.dev.demo.story import OwnBelief, PersonalGoal, Practice, Story


def add_activity(base: Base) -> None:
    """Add the activity of everyone who has any."""
    for person, story in files.stories().items():
        user = [record_id("Gebruikers", person)]
        _add_training(base, user, story)
        for goal in story.goal:
            _add_personal_goal(base, user, goal)
        _add_habits(base, user, person, story)
        _add_beliefs(base, user, person, story)
        _add_old_habits(base, user, person, story)


def _add_training(base: Base, user: list[str], story: Story) -> None:
    for program in story.program:
        add_program(base, user, program)
    for practice in story.practice:
        _add_practice(base, user, practice)


def _add_practice(base: Base, user: list[str], practice: Practice) -> None:
    cells = {
        "Gebruiker": user,
        "Methode": [record_id("Methodes", practice.method)],
        "Mentale Fitnessprogramma's": _program(practice.program),
        "Gebruikt op": base.day(practice.day),
        "Opmerking": practice.remark,
    }
    key = f"{user[0]}:{practice.method}:{practice.day}"
    base.add_activity("Methodegebruik", key, practice.day, cells)


def _add_personal_goal(base: Base, user: list[str], goal: PersonalGoal) -> None:
    days = sorted(goal.days or [], key=WEEKDAYS.index)
    cells = {
        "Naam": goal.name,
        "Beschrijving": goal.description,
        "Gebruikers": user,
        "Status": goal.status,
        "Planningdagen": ", ".join(days),
    }
    base.add_activity("Persoonlijke doelen", goal.key, goal.created, cells)
    for number, day in enumerate(goal.done):
        done = {
            "Gebruikers": user,
            "Persoonlijke doelen": [record_id("Persoonlijke doelen", goal.key)],
            "Datum": base.day(day),
        }
        base.add_activity("Persoonlijk Doelgebruik", f"{goal.key}:{number}", day, done)


def _add_habits(base: Base, user: list[str], person: str, story: Story) -> None:
    for habit, days in story.habits.items():
        for day in days:
            cells = {
                "Gebruikers": user,
                "Goede gewoontes": [record_id("Goede gewoontes", habit)],
                "Datum": base.day(day),
            }
            base.add_activity("Goede gewoontes gebruik", f"{person}:{habit}:{day}", day, cells)


def _add_beliefs(base: Base, user: list[str], person: str, story: Story) -> None:
    for name, done in story.beliefs.items():
        cells = {
            "Gebruikers": user,
            "Overtuigingen": [record_id("Overtuigingen", name)],
            "Mentale Fitnessprogramma's": _program(done.program),
            "Datum": base.day(done.day),
        }
        base.add_activity("Overtuigingen Gebruik", f"{person}:{name}", done.day, cells)
    for belief in story.own_belief:
        cells = _own_belief_cells(base, user, belief)
        base.add_activity("Persoonlijke Overtuigingen", belief.name, belief.created, cells)


def _own_belief_cells(base: Base, user: list[str], belief: OwnBelief) -> dict[str, Any]:
    return {
        "Name": belief.name,
        "Gebruikers": user,
        "Mentale Fitnessprogramma's": _program(belief.program),
        "Datum afgerond": None if belief.day is None else base.day(belief.day),
        "Status": belief.status,
    }


def _add_old_habits(base: Base, user: list[str], person: str, story: Story) -> None:
    for tick in story.old_habit:
        cells = {
            "Gebruikers": user,
            "Methodes": [record_id("Methodes", tick.method)],
            "Datum": base.day(tick.day),
        }
        base.add("Gewoontegebruik", f"{person}:{tick.method}:{tick.day}", tick.day, cells)


def _program(key: str | None) -> list[str]:
    return [record_id("Mentale Fitnessprogramma's", key)] if key else []
