"""A program with its sessions and the methods done in them."""

import json
from typing import Any

from tasks.dev.demo import files
from tasks.dev.demo.content import WEEKDAYS
from tasks.dev.demo.records import Base, links, record_id
from tasks.dev.demo.story import Program, Session


def add_program(base: Base, user: list[str], program: Program) -> None:
    """Add a program with its sessions and the completions in them."""
    made = min(program.start, 0) - 1
    cells = _program_cells(base, user, program)
    base.add_activity("Mentale Fitnessprogramma's", program.key, made, cells)
    for number, (day, session) in enumerate(zip(program.days, program.sessions, strict=True), 1):
        key = f"{program.key}-{number}"
        cells = _session_cells(base, program, day, session)
        base.add_activity("Programmaplanning", key, made, {"Planning ID": key, **cells})
        for method in session.done:
            _add_completion(base, user, key, method, day, session)


def _program_cells(base: Base, user: list[str], program: Program) -> dict[str, Any]:
    days = sorted({base.date(day).weekday() for day in program.days})
    methods = dict.fromkeys(method for session in program.sessions for method in session.methods)
    milestones = [str(percent) for percent in program.milestones]
    return {
        "Programma naam": program.name,
        "Gebruiker": user,
        "Startdatum": base.day(program.start),
        "Duur van programma": f"{program.weeks} weken",
        "Dagen van de week": links("Dagen van de week", [WEEKDAYS[day] for day in days]),
        "Doelstellingen": links("Doelstellingen", program.goals),
        "Mentale methode": links("Methodes", methods),
        "Notities": program.notes,
        "Behaalde Mijlpalen": json.dumps(milestones) if milestones else None,
        "Status": program.status,
        "Type Programma Creatie": program.creation,
        "Overtuigingen": links("Overtuigingen", program.beliefs),
    }


def _session_cells(base: Base, program: Program, day: int, session: Session) -> dict[str, Any]:
    weekday = WEEKDAYS[base.date(day).weekday()]
    return {
        "Mentale Fitnessprogramma": [record_id("Mentale Fitnessprogramma's", program.key)],
        "Datum": base.day(day),
        "Dag van de week": [record_id("Dagen van de week", weekday)],
        "Beschrijving van sessie(s)": _description(session),
        "Beoogde methodes": links("Methodes", session.methods),
        "Doelstelling(en)": links("Doelstellingen", program.goals),
        "Opmerkingen": session.notes,
    }


def _description(session: Session) -> str:
    methods = {method.key: method for method in files.methods()}
    planned = [methods[key] for key in session.methods]
    return "\n".join(f"{method.name} ({method.minutes} min)" for method in planned)


def _add_completion(
    base: Base, user: list[str], session_key: str, method: str, day: int, session: Session
) -> None:
    done_on = day + session.late
    cells = {
        "Gebruiker": user,
        "Methode": [record_id("Methodes", method)],
        "Programmaplanning": [record_id("Programmaplanning", session_key)],
        "Gebruikt op": base.day(done_on),
        "Opmerking": session.remark if method == session.done[0] else None,
    }
    base.add_activity("Methodegebruik", f"{session_key}:{method}", done_on, cells)
