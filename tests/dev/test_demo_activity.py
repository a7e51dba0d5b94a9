"""Whatever day it is, the demo people are in the middle of things and their figures add up."""

import json
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dev.demo import LOGINS, DemoRecord, demo_base
from tasks.dev.demo.content import WEEKDAYS
from tasks.dev.demo.records import record_id, schema
from tests.dev.demo_facts import Person, Row, rows
from tests.scale import scaled

ACTIVE = ("lotte", "tom", "elise", "oliver")
EXAMPLES = scaled(6, soak=200)
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


def person_row(base: dict[str, list[DemoRecord]], key: str) -> Row:
    return next(p for p in rows(base, "Gebruikers") if p["id"] == record_id("Gebruikers", key))


def end_of(program: Row) -> date:
    weeks = int(program["Duur van programma"].split()[0])
    return date.fromisoformat(program["Startdatum"]) + timedelta(days=7 * weeks - 1)


def status_of(program: Row, today: date) -> str:
    if today < date.fromisoformat(program["Startdatum"]):
        return "Gepland"
    return "Afgewerkt" if today > end_of(program) else "Actief"


@pytest.mark.soak
@given(today=DAYS)
@settings(max_examples=EXAMPLES)
def test_the_first_participant_runs_a_program_of_four_weeks_around_today(today: date) -> None:
    lotte = Person(today, record_id("Gebruikers", "lotte"))
    running = [p for p in lotte.programs if status_of(p, today) == "Actief"]
    assert [p["Duur van programma"] for p in running] == ["4 weken"]
    assert LOGINS[0]["email"] == person_row(demo_base(today), "lotte")["E-mailadres"]
    start, end = date.fromisoformat(running[0]["Startdatum"]), end_of(running[0])
    # A server in another zone may be a day behind or ahead.
    assert start < today - timedelta(days=1)
    assert end > today + timedelta(days=1)


@pytest.mark.soak
@given(today=DAYS)
@settings(max_examples=EXAMPLES)
def test_stored_status_follows_the_dates_and_programs_of_a_person_do_not_overlap(
    today: date,
) -> None:
    for key in ACTIVE:
        programs = Person(today, record_id("Gebruikers", key)).programs
        assert all(program["Status"] == status_of(program, today) for program in programs)
        ordered = sorted(programs, key=lambda program: str(program["Startdatum"]))
        for earlier, later in pairwise(ordered):
            assert end_of(earlier) < date.fromisoformat(later["Startdatum"])


@pytest.mark.soak
@given(today=DAYS)
@settings(max_examples=EXAMPLES)
def test_sessions_fall_on_the_weekdays_of_their_program_within_its_dates(today: date) -> None:
    base = demo_base(today)
    programs = {program["id"]: program for program in rows(base, "Mentale Fitnessprogramma's")}
    day_names = {day["id"]: day["Name"] for day in rows(base, "Dagen van de week")}
    for session in rows(base, "Programmaplanning"):
        program = programs[session["Mentale Fitnessprogramma"][0]]
        day = date.fromisoformat(session["Datum"])
        assert [day_names[one] for one in session["Dag van de week"]] == [WEEKDAYS[day.weekday()]]
        assert session["Dag van de week"][0] in program["Dagen van de week"]
        assert date.fromisoformat(program["Startdatum"]) <= day <= end_of(program)
        assert set(session["Beoogde methodes"]) <= set(program["Mentale methode"])


@pytest.mark.soak
@given(today=DAYS)
@settings(max_examples=EXAMPLES)
def test_every_training_day_of_a_program_has_one_session(today: date) -> None:
    base = demo_base(today)
    day_names = {day["id"]: day["Name"] for day in rows(base, "Dagen van de week")}
    for program in rows(base, "Mentale Fitnessprogramma's"):
        start, end = date.fromisoformat(program["Startdatum"]), end_of(program)
        span = [start + timedelta(days=n) for n in range((end - start).days + 1)]
        trained = {day_names[day] for day in program["Dagen van de week"]}
        expected = [day.isoformat() for day in span if WEEKDAYS[day.weekday()] in trained]
        planned = [
            session["Datum"]
            for session in rows(base, "Programmaplanning")
            if session["Mentale Fitnessprogramma"] == [program["id"]]
        ]
        assert planned == expected


@pytest.mark.soak
@pytest.mark.parametrize("key", ACTIVE)
@given(today=DAYS)
@settings(max_examples=EXAMPLES)
def test_the_reward_fields_are_what_the_activity_earned(key: str, today: date) -> None:
    person = Person(today, record_id("Gebruikers", key))
    stored = person_row(demo_base(today), key)
    earned = person.earned()
    assert stored["Bonus Punten"] == earned.bonus
    assert stored["Huidige Streak"] == earned.streak
    assert stored["Langste Streak"] == earned.longest
    assert stored["Niveau"] == earned.level
    assert stored["Laatste Actieve Dag"] == earned.last_active
    assert sorted(json.loads(stored["Badges"])) == sorted(earned.badges)
    for program in person.programs:
        kept = json.loads(program.get("Behaalde Mijlpalen", "[]"))
        assert kept == [str(percent) for percent in earned.milestones[program["id"]]]


@pytest.mark.soak
@given(today=DAYS)
@settings(max_examples=EXAMPLES)
def test_nothing_was_done_today_or_later_and_todays_session_waits(today: date) -> None:
    lotte = Person(today, record_id("Gebruikers", "lotte"))
    days = [usage["Gebruikt op"] for usage in lotte.usages]
    days += [row["Datum"] for row in [*lotte.habits, *lotte.goals, *lotte.beliefs]]
    assert max(days) < today.isoformat()
    assert today.isoformat() in [session["Datum"] for session in lotte.sessions]


def test_the_participant_has_a_bit_of_everything() -> None:
    base = demo_base(date(2026, 3, 4))
    lotte = Person(date(2026, 3, 4), record_id("Gebruikers", "lotte"))
    assert [p["Status"] for p in lotte.programs] == ["Afgewerkt", "Actief"]
    assert any("Opmerking" in usage for usage in lotte.usages)
    assert lotte.habits and lotte.goals and lotte.beliefs and lotte.own_beliefs  # noqa: PT018
    goals = [
        g
        for g in rows(base, "Persoonlijke doelen")
        if g["Gebruikers"] == [record_id("Gebruikers", "lotte")]
    ]
    assert {goal["Status"] for goal in goals} == {"Actief", "Voltooid"}
    assert any(goal.get("Planningdagen") for goal in goals)
    assert len(rows(base, "Gewoontegebruik")) >= 3


def test_what_the_app_makes_itself_carries_its_own_uuid() -> None:
    base = demo_base(date(2026, 3, 4))
    writable = [t.name for t in schema().tables if t.field("App ID") and t.name != "Gebruikers"]
    assert len(writable) == 8
    found = [row["App ID"] for table in writable for row in rows(base, table)]
    assert len({UUID(app_id) for app_id in found}) == len(found)


def test_a_person_ticks_a_habit_once_a_day_and_completes_a_belief_once() -> None:
    base = demo_base(date(2026, 3, 4))
    ticks = [
        (row["Gebruikers"][0], row["Goede gewoontes"][0], row["Datum"])
        for row in rows(base, "Goede gewoontes gebruik")
    ]
    beliefs = [
        (row["Gebruikers"][0], row["Overtuigingen"][0])
        for row in rows(base, "Overtuigingen Gebruik")
    ]
    assert len(set(ticks)) == len(ticks)
    assert len(set(beliefs)) == len(beliefs)


def test_a_completion_names_its_session_or_its_program_but_not_both() -> None:
    usages = rows(demo_base(date(2026, 3, 4)), "Methodegebruik")
    both = ("Programmaplanning", "Mentale Fitnessprogramma's")
    assert not [usage for usage in usages if all(field in usage for field in both)]
    assert {sum(field in usage for field in both) for usage in usages} == {0, 1}


@pytest.mark.soak
@given(today=DAYS)
@settings(max_examples=EXAMPLES)
def test_records_were_made_before_today_and_in_order(today: date) -> None:
    for records in demo_base(today).values():
        made = [datetime.fromisoformat(record["createdTime"]) for record in records]
        assert len(set(made)) == len(made)
        assert all(moment.date() < today for moment in made)
