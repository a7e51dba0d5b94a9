"""Answers of the language model's service, however odd."""

import json
from typing import Any

import pytest

from api._lib import metrics
from api._lib.ai_answer import read
from api._lib.ai_model import AiInvalid, AiRefusal, AiTruncated

GOOD = {"role": "assistant", "content": '{"minutes": 5}', "refusal": None}


def sent(message: Any = GOOD, finish: Any = "stop", **more: Any) -> bytes:
    """The document of a completion."""
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"id": "chatcmpl-1", "choices": [choice], **more}).encode()


def test_the_answer_is_the_content_of_the_first_choice() -> None:
    assert read(sent()) == {"minutes": 5}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[1]",
        b"{}",
        b'{"error": {"message": "no"}}',
        b'{"id": "\xff"}',
        b"[" * 100_000,
        sent(choices=None),
        sent(choices="x"),
        sent(choices=[]),
        sent(choices=[None]),
        sent(choices={"0": 1}),
        sent(message=None),
        sent(message="x"),
        sent(finish=5),
        sent(message={}),
        sent(message={"content": None}),
        sent(message={"content": ""}),
        sent(message={"content": 5}),
        sent(message={"content": [{"type": "text", "text": "{}"}]}),
        sent(message={"content": '{"half a smile": "\ud83d"}'}),
        sent(message={"content": "[" * 100_000}),
    ],
    ids=lambda document: ascii(document[:60]),
)
def test_what_is_no_answer_is_unusable_and_nothing_worse(document: bytes) -> None:
    with pytest.raises(AiInvalid):
        read(document)


def test_an_answer_cut_off_and_a_refusal_are_told_apart() -> None:
    with pytest.raises(AiTruncated):
        read(sent(finish="length"))
    for refused in (sent(message={"refusal": "Nee."}), sent(finish="content_filter")):
        with pytest.raises(AiRefusal):
            read(refused)


@pytest.mark.parametrize(
    "usage",
    [None, "x", [1], {"total_tokens": 3}, {"prompt_tokens": -1, "completion_tokens": 1}],
    ids=str,
)
def test_an_answer_counts_whatever_is_said_of_its_cost(usage: object) -> None:
    before = metrics.REGISTRY.get_sample_value("ai_tokens_total", {"kind": "prompt"})
    assert read(sent(usage=usage)) == {"minutes": 5}
    assert metrics.REGISTRY.get_sample_value("ai_tokens_total", {"kind": "prompt"}) == before
