"""Reads the demo base by Dutch names and counts, with the product's own rules, what it is worth."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, NamedTuple

from api._lib.rewards.model import BadgeFacts, Session, Tally
from api._lib.rewards.rules import badges, levels, milestones, points, streak
from tasks.dev.airtable.schema import Field
from tasks.dev.demo import DemoRecord, demo_base
from tasks.dev.demo.records import schema, table_id

Row = dict[str, Any]


def rows(base: dict[str, list[DemoRecord]], table: str) -> list[Row]:
    """Return the records of a table with their cells by field name."""
    fields = schema().fields
    return [
        {"id": r["id"], **{fields[k].name if k in fields else k: v for k, v in r["fields"].items()}}
        for r in base[table_id(table)]
    ]


def cells(base: dict[str, list[DemoRecord]]) -> list[tuple[Field, object]]:
    """Return every cell with its field."""
    tables = schema().by_key
    return [
        (field, cell)
        for table, records in base.items()
        for record in records
        for key, cell in record["fields"].items()
        if (field := tables[table].field(key))
    ]


class Earned(NamedTuple):
    """What the activity of one person adds up to."""

    bonus: int
    streak: int
    longest: int
    level: int
    last_active: str
    badges: set[str]
    milestones: dict[str, list[int]]


class Person:
    """The activity of one person."""

    def __init__(self, today: date, user_id: str) -> None:
        base = demo_base(today)
        self.today = today
        self.programs = [
            p for p in rows(base, "Mentale Fitnessprogramma's") if p["Gebruiker"] == [user_id]
        ]
        own = {p["id"] for p in self.programs}
        self.sessions = [
            s for s in rows(base, "Programmaplanning") if s["Mentale Fitnessprogramma"][0] in own
        ]
        self.usages = [u for u in rows(base, "Methodegebruik") if u["Gebruiker"] == [user_id]]
        self.habits = self._of(base, user_id, "Goede gewoontes gebruik")
        self.goals = self._of(base, user_id, "Persoonlijk Doelgebruik")
        self.beliefs = self._of(base, user_id, "Overtuigingen Gebruik")
        self.own_beliefs = [
            b
            for b in self._of(base, user_id, "Persoonlijke Overtuigingen")
            if b["Status"] == "Afgerond"
        ]
        values = rows(base, "Methodes")
        self.points = {method["id"]: method.get("Punten waarde", 5) for method in values}
        self.done: dict[str, list[Row]] = defaultdict(list)
        for usage in self.usages:
            self.done[usage.get("Programmaplanning", [""])[0]].append(usage)

    @staticmethod
    def _of(base: dict[str, list[DemoRecord]], user_id: str, table: str) -> list[Row]:
        return [row for row in rows(base, table) if row["Gebruikers"] == [user_id]]

    def earned(self) -> Earned:
        """Count everything."""
        reached = {program["id"]: self._milestones(program) for program in self.programs}
        longest = max((self._streak(day) for day in self._past()), default=0)
        bonus = len(self.beliefs) + len(self.own_beliefs)
        bonus += sum(milestones.POINTS[m] for of_program in reached.values() for m in of_program)
        bonus += sum(entry.points for entry in streak.bonuses(longest, (), None))
        tally = Tally(self._method_points(), len(self.habits), len(self.goals), bonus)
        level = levels.level_for(points.scores(tally).total)
        facts = self._facts(sum(100 in m for m in reached.values()))
        merits = badges.Merits(tally, facts, longest, level)
        held = set(badges.new_badges((), merits))
        now = self._streak(self.today)
        return Earned(bonus, now, longest, level, self._last_active(), held, reached)

    def _method_points(self) -> int:
        return sum(self.points[usage["Methode"][0]] for usage in self.usages)

    def _past(self) -> list[date]:
        return [self.today - timedelta(days=back) for back in range(100)]

    def _streak(self, day: date) -> int:
        known = [s for s in self.sessions if date.fromisoformat(s["Datum"]) <= day]
        return streak.current_streak([self._as_planned(s, day) for s in known], day)

    def _as_planned(self, session: Row, until: date) -> Session:
        days = [date.fromisoformat(u["Gebruikt op"]) for u in self.done[session["id"]]]
        first = min((day for day in days if day <= until), default=None)
        return Session(date.fromisoformat(session["Datum"]), first)

    def _done_of(self, session: Row) -> set[str]:
        return {u["Methode"][0] for u in self.done[session["id"]]} & set(
            session["Beoogde methodes"]
        )

    def _milestones(self, program: Row) -> list[int]:
        sessions = self._sessions_of(program)
        direct = sum(program["id"] in u.get("Mentale Fitnessprogramma's", []) for u in self.usages)
        done = sum(len(self._done_of(session)) for session in sessions) + direct
        return milestones.reached(sum(len(s["Beoogde methodes"]) for s in sessions), done)

    def _sessions_of(self, program: Row) -> list[Row]:
        return [s for s in self.sessions if s["Mentale Fitnessprogramma"] == [program["id"]]]

    def _last_active(self) -> str:
        days: list[str] = [usage["Gebruikt op"] for usage in self.usages]
        days += [row["Datum"] for row in [*self.habits, *self.goals, *self.beliefs]]
        days += [row["Datum afgerond"] for row in self.own_beliefs]
        return max(days)

    def _facts(self, completed: int) -> BadgeFacts:
        weeks = [{_week(row["Datum"]) for row in kind} for kind in (self.habits, self.goals)]
        weeks.append({_week(usage["Gebruikt op"]) for usage in self.usages})
        started = [p for p in self.programs if p["Startdatum"] <= self.today.isoformat()]
        return BadgeFacts(
            methods=len(self.usages),
            months_active=len({usage["Gebruikt op"][:7] for usage in self.usages}),
            programs_started=len(started),
            programs_completed=completed,
            first_week_done=any(self._first_week_done(program) for program in self.programs),
            all_kinds_in_one_week=bool(set.intersection(*weeks)),
        )

    def _first_week_done(self, program: Row) -> bool:
        end = date.fromisoformat(program["Startdatum"]) + timedelta(days=6)
        week = [s for s in self._sessions_of(program) if s["Datum"] <= end.isoformat()]
        return all(self._done_of(s) == set(s["Beoogde methodes"]) for s in week)


def _week(day: str) -> tuple[int, int]:
    return date.fromisoformat(day).isocalendar()[:2]
