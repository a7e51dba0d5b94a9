"""What the stand-in has been told to answer next."""

import asyncio
from typing import Annotated, Any

import msgspec

from tasks.dev.openai.composing import Answer, compose
from tasks.dev.openai.defects import DEFECTS
from tasks.dev.openai.strictness import tokens
from tasks.dev.openai.wanted import Wanted

MODES = {
    "good": "A program made of what was asked for.",
    "truncated": "The answer ends in the middle, cut off by the token limit.",
    "refusal": "The model declines.",
    "content_filter": "The service's filter stopped the answer.",
    "empty": "The answer has no content.",
    "no_choices": "There is no answer at all.",
    "not_json": "The content is a sentence.",
    "error": "The service answers with `status`, and `retryAfter` if given.",
    "not_an_answer": "A proxy answers with a page.",
    "broken_json": "The service's own document is cut off.",
    "hang": "Nothing comes for an hour.",
    "disconnect": "The connection is cut.",
    **{name: str(change.__doc__) for name, change in DEFECTS.items()},
}


class Behaviour(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """How to answer the next `times` requests, or all further ones when that is null."""

    mode: str = "good"
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    retry_after: str | None = None
    delay_seconds: Annotated[float, msgspec.Meta(ge=0)] = 0
    content: Any = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")


class Plan:
    """Behaviours in the order in which they were asked for."""

    def __init__(self) -> None:
        self.waiting: list[Behaviour] = []

    def add(self, behaviour: Behaviour) -> None:
        """Queue a behaviour; one without `times` stays until the plan is cleared."""
        self.waiting.append(behaviour)

    async def next(self) -> Behaviour:
        """The behaviour for a request, after its delay."""
        chosen = self.waiting[0] if self.waiting else Behaviour()
        if chosen.times is not None:
            chosen.times -= 1
            if chosen.times == 0:
                self.waiting.pop(0)
        await asyncio.sleep(3600 if chosen.mode == "hang" else chosen.delay_seconds)
        return chosen


def completion(
    number: int, request: dict[str, Any], behaviour: Behaviour, wanted: Wanted
) -> dict[str, Any]:
    """The document of a chat completion."""
    content, finish, refusal = _spoken(_text(request, behaviour, wanted), behaviour.mode)
    most = request.get("max_completion_tokens") or request.get("max_tokens")
    if content and most and tokens(content) > most:
        content, finish = content[: most * 4], "length"
    message: dict[str, Any] = {
        "role": "assistant",
        "content": content,
        "refusal": refusal,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    asked = sum(tokens(part["content"]) for part in request["messages"])
    given = tokens(content or refusal or "")
    return {
        "id": f"chatcmpl-local{number:08d}",
        "object": "chat.completion",
        "created": 1_767_225_600 + number,
        "model": request["model"],
        "choices": [] if behaviour.mode == "no_choices" else [choice],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": given,
            "total_tokens": asked + given,
        },
    }


def _spoken(text: str, mode: str) -> tuple[str | None, str, str | None]:
    """Content, reason to finish, and refusal."""
    if mode == "refusal":
        return None, "stop", "Het spijt me, daar kan ik niet bij helpen."
    if mode == "content_filter":
        return None, "content_filter", None
    if mode == "truncated":
        return text[: len(text) * 2 // 3], "length", None
    return {"empty": ""}.get(mode, text), "stop", None


def _text(request: dict[str, Any], behaviour: Behaviour, wanted: Wanted) -> str:
    if behaviour.content is not None:
        content = behaviour.content
        return content if isinstance(content, str) else msgspec.json.encode(content).decode()
    described = (request.get("response_format") or {}).get("json_schema")
    if described is None or behaviour.mode == "not_json":
        return "Natuurlijk, ik help je graag met een programma!"
    answer: Answer = compose(described["schema"], wanted)
    if behaviour.mode in DEFECTS:
        DEFECTS[behaviour.mode](answer, wanted)
    return msgspec.json.encode(answer).decode()
