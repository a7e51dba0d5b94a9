"""The stand-in for OpenAI understands the request by which the server plans a program."""

from datetime import date, timedelta

import msgspec
from openai import AsyncOpenAI

from api._lib.programs.rules.answer import read_answer
from api._lib.programs.rules.answer_schema import NAME, answer_schema, token_cap
from api._lib.programs.rules.brief import Brief, BriefMethod, GoalBrief, Instruction, Option
from api._lib.programs.rules.calendar import TrainingDate
from api._lib.programs.rules.prompt import messages
from api._lib.programs.rules.repair import repair
from tasks.dev.openai import KEY, OpenAiStandIn

START = date(2026, 1, 5)
LABELS = (("Dagelijks",), ("Wekelijks",), ("Dagelijks", "Wekelijks"), ())


def method(number: int) -> BriefMethod:
    return BriefMethod(
        f"recMethode{number:07}",
        f"Oefening {number}: rust - stilte (kort)",
        5 + number,
        "Naam: geen, 9 min, wekelijks | stil",
        LABELS[number % 4],
        "Beginner",
        recommended=number % 2 == 1,
    )


def brief(weeks: int) -> Brief:
    mondays = [START + timedelta(weeks=week) for week in range(weeks)]
    dates = [TrainingDate(day, "Maandag", "recDagMaandag0001") for day in mondays]
    dates += [
        TrainingDate(day + timedelta(days=2), "Woensdag", "recDagWoensdag001") for day in mondays
    ]
    return Brief(
        start=START,
        weeks=weeks,
        dates=tuple(sorted(dates, key=lambda when: when.date)),
        goals=(GoalBrief("Beter slapen", "Doel: rust in het hoofd"),),
        instructions=(Instruction(("Beter slapen",), "Methodes:\n- geen schermen"),),
        methods=tuple(map(method, range(12))),
        beliefs=tuple(Option(f"recGeloof{n:08}", f"Ik kan {n}", "Zelfzorg") for n in range(4)),
        habits=(Option("recGewoonte000001", "Water drinken: veel"),),
    )


async def answered(asked: Brief) -> object:
    system, user = messages(asked)
    async with (
        OpenAiStandIn() as service,
        AsyncOpenAI(api_key=KEY, base_url=service.base_url, max_retries=0) as client,
    ):
        completion = await client.chat.completions.create(
            model="gpt-4o",
            messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
            max_completion_tokens=token_cap(len(asked.asked)),
            response_format={
                "type": "json_schema",
                "json_schema": {"name": NAME, "strict": True, "schema": answer_schema(asked)},
            },
        )
    assert completion.choices[0].finish_reason == "stop"
    return msgspec.json.decode(completion.choices[0].message.content or "")


async def test_its_plan_needs_no_repair() -> None:
    asked = brief(weeks=14)
    answer = read_answer(await answered(asked))
    plan = repair(answer, asked)
    given = {day.date: [method.id for method in day.methods] for day in answer.days}
    assert given == {day.date.isoformat(): day.method_ids for day in plan.days}
    assert len(given) == 28
    assert "Beter slapen" in plan.name
    assert (len(plan.recommendations), len(plan.beliefs), len(plan.habits)) == (4, 3, 1)
    used = {id for ids in given.values() for id in ids}
    assert {method.id for method in asked.methods if method.recommended} <= used


async def test_its_names_and_minutes_are_those_of_the_request() -> None:
    asked = brief(weeks=2)
    answer = await answered(asked)
    assert isinstance(answer, dict)
    known = {method.id: (method.name, method.minutes) for method in asked.methods}
    for day in answer["schedule"]:
        for entry in day["methods"]:
            assert (entry["methodName"], entry["duration"]) == known[entry["methodId"]]
    assert answer["selectedGoedeGewoontes"][0]["goedeGewoonteName"] == "Water drinken: veel"


async def test_the_longest_program_fits_into_its_token_cap() -> None:
    asked = brief(weeks=52)
    answer = await answered(asked)
    assert isinstance(answer, dict)
    assert len(answer["schedule"]) == 70
