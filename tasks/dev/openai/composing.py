"""Good answers: a Dutch program made of what the request offers, or a sample of any schema."""

from datetime import date
from itertools import cycle
from typing import Any

from tasks.dev.openai.wanted import Item, TrainingDay, Wanted

ENOUGH_MINUTES, MOST_METHODS, MOST_CHOICES, DIFFERENT_METHODS = 15, 3, 3, 8
RECOMMENDATIONS = [
    "Kies een vast moment van de dag, dan wordt oefenen vanzelf een gewoonte.",
    "Begin rustig: liever elke keer tien minuten dan één keer een uur.",
    "Schrijf na elke sessie in één zin op wat je hebt gemerkt.",
    "Sla je een dag over, pak dan gewoon de volgende sessie weer op.",
]
Answer = dict[str, Any]


def compose(schema: dict[str, Any], wanted: Wanted) -> Answer:
    """The answer to a request: a program if the schema has a schedule, else a sample."""
    if "schedule" in schema.get("properties", {}):
        return program(wanted)
    sample = sample_of(schema, schema)
    assert isinstance(sample, dict)
    return sample


def program(wanted: Wanted) -> Answer:
    """A program that plans every date with the methods on offer."""
    schedule = _schedule(wanted)
    minutes = sum(method["duration"] for day in schedule for method in day["methods"])
    weeks = max(1, _weeks(wanted.days))
    goal = wanted.goals[0] if wanted.goals else "meer veerkracht"
    return {
        "programName": f"Stap voor stap: {goal}"[:40].strip(),
        "schedule": schedule,
        "weeklySessionTime": round(minutes / weeks),
        "recommendations": list(RECOMMENDATIONS),
        "programSummary": (
            f"In {len(schedule)} korte sessies werk je aan {goal.lower()}. Het programma begint "
            "rustig en bouwt op met oefeningen die bij elkaar passen."
        ),
        "selectedOvertuigingen": [
            choice("overtuiging", item) for item in wanted.beliefs[:MOST_CHOICES]
        ],
        "selectedGoedeGewoontes": [
            choice("goedeGewoonte", item) for item in wanted.habits[:MOST_CHOICES]
        ],
    }


def choice(kind: str, item: Item) -> Answer:
    """A selected belief or habit, with a reason."""
    return {
        f"{kind}Id": item.id,
        f"{kind}Name": item.name,
        "reason": f"Sluit aan bij je doelen: {item.name}.",
    }


def planned(day: TrainingDay, methods: list[Item]) -> Answer:
    """An entry of the schedule."""
    return {
        "date": day.date.isoformat(),
        "dayOfWeek": day.weekday,
        "dayId": day.day_id,
        "methods": [
            {"methodId": item.id, "methodName": item.name, "duration": item.minutes}
            for item in methods
        ],
    }


def _schedule(wanted: Wanted) -> list[Answer]:
    turns = cycle(wanted.methods)
    last_use: dict[str, date] = {}
    return [
        planned(day, _session(day, turns, len(wanted.methods), last_use)) for day in wanted.days
    ]


def _session(
    day: TrainingDay, turns: "cycle[Item]", offered: int, last_use: dict[str, date]
) -> list[Item]:
    """Methods in turn until there are enough minutes; a weekly one at most once in seven days."""
    session: list[Item] = []
    for _ in range(offered):
        if len(session) == MOST_METHODS or sum(m.minutes for m in session) >= ENOUGH_MINUTES:
            break
        item = next(turns)
        used = last_use.get(item.id)
        if item not in session and not (item.weekly and used and (day.date - used).days < 7):
            last_use[item.id] = day.date
            session.append(item)
    return session


def _weeks(days: list[TrainingDay]) -> int:
    return -(-((days[-1].date - days[0].date).days + 1) // 7) if days else 1


def sample_of(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """The simplest value that fits a schema."""
    if "$ref" in schema:
        place: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            place = place[step] if step != "#" else root
        return sample_of(place, root)
    if "anyOf" in schema:
        return sample_of(schema["anyOf"][0], root)
    if "enum" in schema or "const" in schema:
        return schema["enum"][0] if "enum" in schema else schema["const"]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if kind == "object":
        return {name: sample_of(part, root) for name, part in schema["properties"].items()}
    if kind == "array":
        return [sample_of(schema["items"], root)] * max(1, schema.get("minItems", 1))
    number = schema.get("minimum", 1)
    return {"string": "voorbeeld", "boolean": True, "null": None}.get(kind, number)
