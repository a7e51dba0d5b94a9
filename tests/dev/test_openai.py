"""The stand-in for OpenAI: as strict as the service, and as unreliable as it is told to be."""

from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import date
from itertools import pairwise
from typing import Any

import httpx
import msgspec
import openai
import pytest
from openai import AsyncOpenAI

from tasks.dev.openai import KEY, OpenAiStandIn
from tasks.dev.openai.defects import DEFECTS
from tasks.dev.openai.strictness import Refused, check_schema

MONDAY, WEDNESDAY = "recMaandag0000001", "recWoensdag000001"
BREATHE, SCAN, WALK = "recAdemhaling0001", "recBodyscan000001", "recWandelen000001"
BELIEF, HABIT = "recOvertuiging001", "recGewoonte000001"
DATES = {
    "2026-01-05": MONDAY,
    "2026-01-07": WEDNESDAY,
    "2026-01-12": MONDAY,
    "2026-01-14": WEDNESDAY,
    "2026-01-19": MONDAY,
}
TRAINING_DAYS = "\n".join(
    f"- {day} | {'Maandag' if id == MONDAY else 'Woensdag'} | {id}" for day, id in DATES.items()
)
PROMPT = f"""Je bent een expert in mentale fitheid. Plan alle genoemde datums.

Doelen:
- Beter slapen: 's avonds rustig in slaap vallen.

Aanbevolen methodes:
- {BREATHE} | Ademhaling 4-7-8 | 10 min | Beginner | Dagelijks | Adem rustig in en uit.
- {SCAN} | Bodyscan | 15 min | Beginner | Wekelijks | Van kop tot teen.

Andere methodes (aanvullend):
- id: {WALK}, naam: Wandelen, 5 minuten, niveau Beginner

Trainingsdagen:
{TRAINING_DAYS}

Overtuigingen:
- {BELIEF} - Ik mag rust nemen - Zelfzorg

Goede gewoontes:
- {HABIT}: Een glas water drinken (elke ochtend)

Frequentie: dagelijks, wekelijks of vrij.
"""


def array(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def strict(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
METHOD = strict(methodId=TEXT, methodName=TEXT, duration=NUMBER)
DAY = strict(date=TEXT, dayOfWeek=TEXT, dayId=TEXT, methods=array(METHOD))
PROGRAM = strict(
    programName=TEXT,
    schedule=array(DAY),
    weeklySessionTime=NUMBER,
    recommendations=array(TEXT),
    programSummary=TEXT,
    selectedOvertuigingen=array(strict(overtuigingId=TEXT, overtuigingName=TEXT, reason=TEXT)),
    selectedGoedeGewoontes=array(strict(goedeGewoonteId=TEXT, goedeGewoonteName=TEXT, reason=TEXT)),
)


@pytest.fixture
async def service() -> AsyncIterator[OpenAiStandIn]:
    async with OpenAiStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def client(service: OpenAiStandIn) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(api_key=KEY, base_url=service.base_url, max_retries=0) as opened:
        yield opened


async def ask(
    client: AsyncOpenAI, schema: dict[str, Any] = PROGRAM, prompt: str = PROMPT, cap: int = 4000
) -> Any:
    completion = await client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "system", "content": prompt}, {"role": "user", "content": "Maak het."}],
        max_completion_tokens=cap,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "mental_fitness_program", "strict": True, "schema": schema},
        },
    )
    return completion.choices[0]


async def program(client: AsyncOpenAI, **how: Any) -> Any:
    return msgspec.json.decode((await ask(client, **how)).message.content)


async def test_a_good_answer_plans_every_date_with_what_was_offered(client: AsyncOpenAI) -> None:
    answer = await program(client)
    assert {day["date"]: day["dayId"] for day in answer["schedule"]} == DATES
    assert [day["dayOfWeek"] for day in answer["schedule"]][:2] == ["Maandag", "Woensdag"]
    methods = [method for day in answer["schedule"] for method in day["methods"]]
    assert {(m["methodId"], m["methodName"], m["duration"]) for m in methods} == {
        (BREATHE, "Ademhaling 4-7-8", 10),
        (SCAN, "Bodyscan", 15),
        (WALK, "Wandelen", 5),
    }
    assert all(day["methods"] for day in answer["schedule"])
    assert "Beter slapen" in answer["programName"]
    assert len(answer["programName"]) <= 40
    assert 3 <= len(answer["recommendations"]) <= 5
    assert [one["overtuigingName"] for one in answer["selectedOvertuigingen"]] == [
        "Ik mag rust nemen"
    ]
    assert [one["goedeGewoonteId"] for one in answer["selectedGoedeGewoontes"]] == [HABIT]


async def test_a_weekly_method_comes_once_in_seven_days(client: AsyncOpenAI) -> None:
    answer = await program(client)
    uses = [
        date.fromisoformat(day["date"])
        for day in answer["schedule"]
        if SCAN in [method["methodId"] for method in day["methods"]]
    ]
    assert len(uses) > 1
    assert all((later - sooner).days >= 7 for sooner, later in pairwise(uses))


async def test_ids_come_from_the_enums_of_the_schema(client: AsyncOpenAI) -> None:
    schema = deepcopy(PROGRAM)
    day = schema["properties"]["schedule"]["items"]["properties"]
    day["date"]["enum"] = ["2026-01-05"]
    day["methods"] = array(
        strict(methodId=TEXT | {"enum": ["A"]}, methodName=TEXT, duration=NUMBER)
    )
    answer = await program(client, schema=schema, prompt="A: Ademen, 5 min")
    methods = [{"methodId": "A", "methodName": "Ademen", "duration": 5}]
    assert [day["methods"] for day in answer["schedule"]] == [methods]


async def test_any_other_schema_gets_a_sample(client: AsyncOpenAI) -> None:
    schema = strict(
        words=array(strict(nl=TEXT, fr={"anyOf": [TEXT, {"type": "null"}]})),
        level={"type": "integer", "enum": [3, 4]},
        sure={"type": "boolean"},
        next={"$ref": "#/$defs/step"},
    )
    schema["$defs"] = {"step": strict(done={"type": ["null", "string"]})}
    assert await program(client, schema=schema) == {
        "words": [{"nl": "voorbeeld", "fr": "voorbeeld"}],
        "level": 3,
        "sure": True,
        "next": {"done": None},
    }


async def test_an_answer_longer_than_the_cap_is_cut_off(client: AsyncOpenAI) -> None:
    choice = await ask(client, cap=50)
    assert choice.finish_reason == "length"
    assert len(choice.message.content) == 200


async def test_requests_can_be_read_and_forgotten(
    service: OpenAiStandIn, client: AsyncOpenAI
) -> None:
    await ask(client)
    async with httpx.AsyncClient(base_url=service.url) as http:
        listed = (await http.get("/requests")).json()
        assert listed == service.requests
        assert listed[0]["messages"][0]["content"] == PROMPT
        await http.delete("/requests")
    assert service.requests == []


async def test_the_control_pages_queue_behaviours(
    service: OpenAiStandIn, client: AsyncOpenAI
) -> None:
    async with httpx.AsyncClient(base_url=service.url) as http:
        told = await http.post("/control", json={"mode": "error", "status": 503, "times": 1})
        assert (told.status_code, len(told.json()["waiting"])) == (200, 1)
        await http.post("/control", json={"mode": "refusal"})
        with pytest.raises(openai.InternalServerError):
            await ask(client)
        assert (await ask(client)).message.refusal
        assert (await http.delete("/control")).json()["waiting"] == []
        assert await program(client)
        for wrong in ({"mode": "sing"}, {"times": 0}, {"unknown": 1}, {"status": 200}):
            assert (await http.post("/control", json=wrong)).status_code == 400


async def test_every_defect_changes_a_good_answer(
    service: OpenAiStandIn, client: AsyncOpenAI
) -> None:
    good = await program(client)
    for name in DEFECTS:
        service.answer(name, times=1)
        assert await program(client) != good, name
    assert await program(client) == good


async def test_defects_survive_a_request_with_little_in_it(
    service: OpenAiStandIn, client: AsyncOpenAI
) -> None:
    for name in DEFECTS:
        service.answer(name, times=1)
        prompt = f"Methodes:\n{BREATHE} Adem\n\n2026-01-05 {MONDAY}"
        assert (await ask(client, prompt=prompt)).finish_reason == "stop", name


async def test_exact_answers_can_be_given(service: OpenAiStandIn, client: AsyncOpenAI) -> None:
    service.answer(content={"schedule": []}, times=1)
    assert await program(client) == {"schedule": []}
    service.answer(content="[1,")
    assert (await ask(client)).message.content == "[1,"


@pytest.mark.parametrize("key", ["sk-other", f"{KEY}x", KEY[:-1]])
async def test_another_key_is_refused(service: OpenAiStandIn, key: str) -> None:
    async with httpx.AsyncClient(base_url=service.base_url) as http:
        answer = await http.post("/chat/completions", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert service.requests == []


HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hallo"}]}


@pytest.mark.parametrize(
    "change",
    [
        {"model": ""},
        {"messages": []},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": [{"role": "user", "content": "x" * 600_000}]},
        {"temperature": 2.5},
        {"temperature": "warm"},
        {"max_tokens": 20_000},
        {"max_completion_tokens": 0},
        {"max_completion_tokens": 1.5},
        {"max_tokens": 5, "max_completion_tokens": 5},
        {"stream": True},
        {"response_format": {"type": "xml"}},
        {"response_format": {"type": "json_schema"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}},
    ],
)
async def test_a_wrong_request_is_refused(service: OpenAiStandIn, change: dict[str, Any]) -> None:
    async with httpx.AsyncClient(base_url=service.base_url) as http:
        headers = {"Authorization": f"Bearer {KEY}"}
        good = await http.post("/chat/completions", json=HELLO, headers=headers)
        bad = await http.post("/chat/completions", json=HELLO | change, headers=headers)
        for body in ("{", "[]"):
            broken = await http.post("/chat/completions", content=body, headers=headers)
            assert broken.status_code == 400
    assert (good.status_code, bad.status_code) == (200, 400)
    assert bad.json()["error"]["type"] == "invalid_request_error"


def nested(levels: int) -> dict[str, Any]:
    schema = strict(end=TEXT)
    for _ in range(levels - 1):
        schema = strict(more=schema)
    return schema


def choices(count: int, length: int = 1) -> dict[str, Any]:
    return strict(one=TEXT | {"enum": [f"{n:0{length}}" for n in range(count)]})


@pytest.mark.parametrize(
    "schema",
    [
        PROGRAM,
        nested(10),
        choices(1000, 14),
        choices(250, 100),
        strict(**{f"p{n}": TEXT for n in range(5000)}),
        strict(one=array(TEXT) | {"maxItems": 3}, two={"type": ["string", "null"]}),
    ],
)
def test_a_schema_within_the_limits_is_taken(schema: dict[str, Any]) -> None:
    check_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": PROGRAM},
        {"anyOf": [PROGRAM]},
        PROGRAM | {"required": ["schedule"]},
        PROGRAM | {"required": [*PROGRAM["required"], "more"]},
        PROGRAM | {"additionalProperties": True},
        strict(inner={"type": "object", "properties": {}, "required": []}),
        strict(inner={"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}),
        strict(inner=TEXT | {"minLength": 2}),
        strict(inner={}),
        strict(inner={"type": "text"}),
        strict(inner={"type": "array"}),
        strict(inner={"anyOf": ["string"]}),
        strict(inner=TEXT | {"enum": []}),
        strict(inner=TEXT | {"enum": ["a", "a"]}),
        nested(11),
        choices(1001),
        choices(251, 100),
        strict(**{f"p{n}": TEXT for n in range(5001)}),
    ],
)
def test_a_schema_the_service_would_not_take_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="Invalid schema"):
        check_schema(schema)
