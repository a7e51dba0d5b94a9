"""The AI client, against the local stand-in over HTTP."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api._lib import metrics
from api._lib.ai import (
    AiClient,
    AiError,
    AiInvalid,
    AiNotConfigured,
    AiRefusal,
    AiTimeout,
    AiTruncated,
    AiUnavailable,
    Limits,
    Question,
)
from api._lib.settings import Settings
from tasks.dev.openai import KEY, OpenAiStandIn

SCHEMA = {
    "type": "object",
    "properties": {"advice": {"type": "string"}, "minutes": {"type": "number"}},
    "required": ["advice", "minutes"],
    "additionalProperties": False,
}
QUESTION = Question(
    system="Je geeft raad.",
    user="Geef één raad.",
    schema_name="advice",
    schema=SCHEMA,
    max_tokens=1700,
)
ANSWER = {"advice": "voorbeeld", "minutes": 1}


@pytest.fixture
async def service() -> AsyncIterator[OpenAiStandIn]:
    async with OpenAiStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def client(service: OpenAiStandIn) -> AsyncIterator[AiClient]:
    opened = connect(service)
    yield opened
    await opened.close()


def connect(
    service: OpenAiStandIn, key: str | None = KEY, limits: Limits | None = None
) -> AiClient:
    settings = Settings(
        database_url="",
        openai_api_key=key,
        openai_base_url=service.base_url,
        openai_model="gpt-4o-mini",
    )
    return AiClient(settings, limits or Limits(pause=0.01))


def as_it_is(answer: Any) -> Any:
    return answer


async def test_the_answer_is_the_decoded_json(client: AiClient) -> None:
    assert client.configured
    assert await client.ask(QUESTION, as_it_is) == ANSWER


async def test_the_request_is_strict_and_carries_all_parameters(
    service: OpenAiStandIn, client: AiClient
) -> None:
    await client.ask(QUESTION, as_it_is)
    assert service.requests == [
        {
            "model": "gpt-4o-mini",
            "messages": [
                {"role": "system", "content": "Je geeft raad."},
                {"role": "user", "content": "Geef één raad."},
            ],
            "temperature": 0.7,
            "max_completion_tokens": 1700,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "advice", "strict": True, "schema": SCHEMA},
            },
        }
    ]


async def test_without_a_key_nothing_is_asked(service: OpenAiStandIn) -> None:
    client = connect(service, key=None)
    assert not client.configured
    with pytest.raises(AiNotConfigured):
        await client.ask(QUESTION, as_it_is)
    assert service.requests == []
    await client.close()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("truncated", AiTruncated),
        ("refusal", AiRefusal),
        ("content_filter", AiRefusal),
        ("empty", AiInvalid),
        ("no_choices", AiInvalid),
        ("not_json", AiInvalid),
    ],
)
async def test_an_unusable_answer_is_asked_once_more(
    service: OpenAiStandIn, client: AiClient, mode: str, kind: type[AiError]
) -> None:
    service.answer(mode, times=1)
    assert await client.ask(QUESTION, as_it_is) == ANSWER
    service.answer(mode)
    with pytest.raises(kind):
        await client.ask(QUESTION, as_it_is)
    assert len(service.requests) == 4


async def test_an_answer_the_caller_rejects_is_asked_once_more(
    service: OpenAiStandIn, client: AiClient
) -> None:
    service.answer(times=1, content={"advice": ""})

    def filled(answer: Any) -> str:
        if not answer["advice"]:
            raise AiInvalid("no advice")
        return str(answer["advice"])

    assert await client.ask(QUESTION, filled) == "voorbeeld"
    service.answer(content={"advice": ""})
    with pytest.raises(AiInvalid, match="no advice"):
        await client.ask(QUESTION, filled)
    assert len(service.requests) == 4


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_a_passing_error_is_tried_once_more(
    service: OpenAiStandIn, client: AiClient, status: int
) -> None:
    service.answer("error", status=status, times=1)
    assert await client.ask(QUESTION, as_it_is) == ANSWER
    service.answer("error", status=status)
    with pytest.raises(AiUnavailable, match=f"status {status}"):
        await client.ask(QUESTION, as_it_is)
    assert len(service.requests) == 4


@pytest.mark.parametrize("mode", ["disconnect", "broken_json", "not_an_answer"])
async def test_a_broken_conversation_is_tried_once_more(
    service: OpenAiStandIn, client: AiClient, mode: str
) -> None:
    service.answer(mode, times=1)
    assert await client.ask(QUESTION, as_it_is) == ANSWER
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_a_lasting_error_is_not_tried_again(
    service: OpenAiStandIn, client: AiClient, status: int
) -> None:
    service.answer("error", status=status)
    with pytest.raises(AiUnavailable):
        await client.ask(QUESTION, as_it_is)
    assert len(service.requests) == 1


async def test_a_wrong_key_is_an_unavailable_service(service: OpenAiStandIn) -> None:
    client = connect(service, key="sk-wrong")
    with pytest.raises(AiUnavailable, match="status 401, code invalid_api_key"):
        await client.ask(QUESTION, as_it_is)
    await client.close()


async def test_a_schema_that_is_not_strict_is_refused(client: AiClient) -> None:
    loose = Question(system="a", user="b", schema_name="c", schema={"type": "object"}, max_tokens=9)
    with pytest.raises(AiUnavailable, match="invalid_json_schema"):
        await client.ask(loose, as_it_is)


async def test_a_long_retry_after_is_not_waited_for(
    service: OpenAiStandIn, client: AiClient
) -> None:
    service.answer("error", status=429, retry_after="60")
    with pytest.raises(AiUnavailable):
        await client.ask(QUESTION, as_it_is)
    assert len(service.requests) == 1


@pytest.mark.parametrize("value", ["soon", "nan", "-5"])
async def test_a_strange_retry_after_is_a_short_pause(
    service: OpenAiStandIn, client: AiClient, value: str
) -> None:
    service.answer("error", status=503, retry_after=value, times=1)
    assert await client.ask(QUESTION, as_it_is) == ANSWER


async def test_a_service_that_is_away_is_unavailable() -> None:
    async with OpenAiStandIn() as stand_in:
        client = connect(stand_in)
    with pytest.raises(AiUnavailable, match="APIConnectionError"):
        await client.ask(QUESTION, as_it_is)
    await client.close()


async def test_a_slow_request_ends_at_its_limit_and_is_not_repeated(
    service: OpenAiStandIn,
) -> None:
    client = connect(service, limits=Limits(attempt=0.2, overall=30))
    service.answer("hang")
    with pytest.raises(AiTimeout, match="one request"):
        await client.ask(QUESTION, as_it_is)
    assert len(service.requests) == 1
    await client.close()


async def test_two_requests_share_the_overall_limit(service: OpenAiStandIn) -> None:
    client = connect(service, limits=Limits(attempt=30, overall=2))
    service.answer("refusal", times=1)
    service.answer("hang")
    with pytest.raises(AiTimeout, match="overall"):
        await client.ask(QUESTION, as_it_is)
    assert len(service.requests) == 2
    await client.close()


def test_the_limits_are_a_minute_for_a_request_and_a_minute_and_a_half_in_all() -> None:
    assert Limits() == Limits(attempt=60, overall=90, pause=0.5)


async def test_many_questions_run_side_by_side(service: OpenAiStandIn, client: AiClient) -> None:
    service.answer(delay_seconds=0.2)
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*(client.ask(QUESTION, as_it_is) for _ in range(30)))
    assert answers == [ANSWER] * 30


async def test_calls_and_tokens_are_counted(service: OpenAiStandIn, client: AiClient) -> None:
    before = figures()
    await client.ask(QUESTION, as_it_is)
    service.answer("refusal")
    with pytest.raises(AiRefusal):
        await client.ask(QUESTION, as_it_is)
    ok, refused, prompt, completion = (
        now - old for now, old in zip(figures(), before, strict=True)
    )
    assert (ok, refused) == (1, 1)
    assert prompt == 3 * 8
    assert completion > 0


def figures() -> tuple[float, float, float, float]:
    values = metrics.REGISTRY.get_sample_value
    return (
        values("ai_calls_total", {"outcome": "ok"}) or 0,
        values("ai_calls_total", {"outcome": "refusal"}) or 0,
        values("ai_tokens_total", {"kind": "prompt"}) or 0,
        values("ai_tokens_total", {"kind": "completion"}) or 0,
    )


async def test_logs_hold_neither_key_nor_prompt(
    service: OpenAiStandIn, client: AiClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="api")
    service.answer("error", status=500)
    with pytest.raises(AiUnavailable):
        await client.ask(QUESTION, as_it_is)
    ours = [vars(record) for record in caplog.records if record.name.startswith("api.")]
    assert [record["levelname"] for record in ours] == ["WARNING", "ERROR"]
    for secret in (KEY, QUESTION.system, QUESTION.user):
        assert secret not in str(ours)
