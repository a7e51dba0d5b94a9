"""The JSON schema that the model's answer is held to, within the limits of the service."""

from collections.abc import Sequence
from typing import Any

from api._lib.programs.rules.brief import Brief

NAME = "mental_fitness_program"
MAX_VALUES = 1_000
LONG_ENUM = 250
MAX_CHARACTERS = 15_000
Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}


def answer_schema(brief: Brief) -> Schema:
    """Schema of the whole answer; known ids are listed in it, so that others are impossible."""
    text = _known_values(brief)
    method = _object(methodId=text["methodId"], methodName=TEXT, duration=NUMBER)
    day = _object(
        date=text["date"],
        dayOfWeek=text["dayOfWeek"],
        dayId=text["dayId"],
        methods=_list(method),
    )
    belief = _object(overtuigingId=text["overtuigingId"], overtuigingName=TEXT, reason=TEXT)
    habit = _object(goedeGewoonteId=text["goedeGewoonteId"], goedeGewoonteName=TEXT, reason=TEXT)
    return _object(
        programName=TEXT,
        schedule=_list(day),
        weeklySessionTime=NUMBER,
        recommendations=_list(TEXT),
        programSummary=TEXT,
        selectedOvertuigingen=_list(belief),
        selectedGoedeGewoontes=_list(habit),
    )


def token_cap(dates: int) -> int:
    """Tokens that an answer for so many dates may take (P7)."""
    return min(16_000, 1_500 + 200 * dates)


def _known_values(brief: Brief) -> dict[str, Schema]:
    wanted = {
        "date": [d.date.isoformat() for d in brief.asked],
        "dayOfWeek": [d.day_of_week for d in brief.asked],
        "dayId": [d.day_id for d in brief.asked],
        "methodId": [m.id for m in brief.methods],
        "overtuigingId": [o.id for o in brief.beliefs],
        "goedeGewoonteId": [o.id for o in brief.habits],
    }
    room = MAX_VALUES
    schemas: dict[str, Schema] = {}
    for name, values in wanted.items():
        distinct = list(dict.fromkeys(values))
        allowed = _allowed(distinct, room)
        schemas[name] = {"type": "string", "enum": distinct} if allowed else TEXT
        room -= len(distinct) if allowed else 0
    return schemas


def _allowed(values: Sequence[str], room: int) -> bool:
    short = len(values) <= LONG_ENUM or sum(map(len, values)) <= MAX_CHARACTERS
    return 0 < len(values) <= room and short


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}
