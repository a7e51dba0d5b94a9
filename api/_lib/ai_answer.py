"""Reading what the language model's service sent; nothing in it is taken on trust."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from api._lib import metrics
from api._lib.ai_model import AiInvalid, AiRefusal, AiTruncated
from api._lib.json_text import UNREADABLE


class _Message(Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(Struct):
    choices: Annotated[list[_Choice], Meta(min_length=1)]
    usage: Any = None


class _Usage(Struct):
    prompt_tokens: Annotated[int, Meta(ge=0)]
    completion_tokens: Annotated[int, Meta(ge=0)]


_decoder = msgspec.json.Decoder(_Completion)


def read(sent: bytes) -> Any:
    """The JSON that the model answered; raises AiInvalid, AiRefusal or AiTruncated."""
    try:
        completion = _decoder.decode(sent)
    except UNREADABLE:
        raise AiInvalid("the service sent no answer") from None
    _count(completion.usage)
    choice = completion.choices[0]
    if choice.finish_reason == "length":
        raise AiTruncated("cut off by the token limit")
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise AiRefusal("the model declined")
    try:
        return msgspec.json.decode(choice.message.content or "")
    except UNREADABLE:
        raise AiInvalid("the content is not JSON") from None


def _count(said: object) -> None:
    """Add up what the answer cost; a service that does not say so has answered all the same."""
    try:
        usage = msgspec.convert(said, _Usage)
    except msgspec.ValidationError:
        return
    metrics.ai_tokens.labels("prompt").inc(usage.prompt_tokens)
    metrics.ai_tokens.labels("completion").inc(usage.completion_tokens)
