"""The rules by which the service refuses a request or a schema."""

import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

CONTEXT_TOKENS = 128_000
ANSWER_TOKENS = 16_384
NESTING, PROPERTIES, ENUM_VALUES, ENUM_LARGE, ENUM_TEXT = 10, 5_000, 1_000, 250, 15_000
TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}
KEYWORDS = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "const"),
    *("description", "title", "anyOf", "$ref", "$defs", "definitions", "$schema"),
    *("pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "minItems", "maxItems"),
}


class Refused(Exception):
    """A request the service does not take; `code` and `param` go into the error document."""

    def __init__(
        self, message: str, status: int = 400, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param

    @property
    def document(self) -> dict[str, Any]:
        """The error in the service's form."""
        kind = "requests" if self.status == 429 else "invalid_request_error"
        kind = "server_error" if self.status >= 500 else kind
        fields = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": fields}


def tokens(text: str) -> int:
    """Roughly how many tokens a text costs."""
    return -(-len(text) // 4)


def check_request(body: Any) -> None:
    """Raise Refused unless the service would start answering this request."""
    if not isinstance(body, dict):
        raise Refused("We could not parse the JSON body of your request.")
    if not (isinstance(body.get("model"), str) and body["model"]):
        raise Refused("you must provide a model parameter")
    if body.get("stream"):
        raise Refused("Streaming is not offered here.", param="stream")
    _check_messages(body.get("messages"))
    _check_number(body, "temperature", 0, 2)
    for name in ("max_tokens", "max_completion_tokens"):
        _check_number(body, name, 1, ANSWER_TOKENS)
    if "max_tokens" in body and "max_completion_tokens" in body:
        raise Refused("Give one of max_tokens and max_completion_tokens.", param="max_tokens")
    _check_format(body.get("response_format"))


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise Refused("Invalid 'messages': empty array.", param="messages")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise Refused(f"Invalid 'messages[{number}]'.", param=f"messages[{number}]")
        if message.get("role") not in ("system", "developer", "user", "assistant"):
            raise Refused("Invalid role.", param=f"messages[{number}].role")
    if sum(tokens(message["content"]) for message in messages) > CONTEXT_TOKENS:
        raise Refused("The messages are too long.", code="context_length_exceeded")


def _check_number(body: dict[str, Any], name: str, least: int, most: int) -> None:
    value = body.get(name)
    if value is None:
        return
    whole = least == 0 or isinstance(value, int)
    if isinstance(value, bool) or not isinstance(value, int | float) or not whole:
        raise Refused(f"Invalid type for '{name}'.", param=name, code="invalid_type")
    if not least <= value <= most:
        raise Refused(f"Invalid '{name}': out of range.", param=name, code="invalid_value")


def _check_format(chosen: Any) -> None:
    if chosen is None or chosen == {"type": "text"}:
        return
    described = chosen.get("json_schema") if isinstance(chosen, dict) else None
    if not isinstance(described, dict) or chosen.get("type") != "json_schema":
        raise Refused("Invalid response_format.", param="response_format")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(described.get("name", ""))):
        raise Refused("Invalid name.", param="response_format.json_schema.name")
    if not isinstance(described.get("schema"), dict):
        raise Refused("Missing schema.", param="response_format.json_schema.schema")
    if described.get("strict") is not True:
        raise Refused("Only strict schemas are offered here.", param="response_format")
    check_schema(described["schema"])


def check_schema(schema: Schema) -> None:
    """Raise Refused unless a strict answer can be made by this schema."""
    if schema.get("type") != "object" or "anyOf" in schema:
        raise _wrong("schema must be a JSON Schema of 'type: \"object\"'", "()")
    properties = values = 0
    for path, part in _parts(schema, ("root",)):
        _check_part(part, path)
        properties += len(part.get("properties", ()))
        values += len(part.get("enum", ()))
    if properties > PROPERTIES:
        raise _wrong(f"more than {PROPERTIES} properties", "()")
    if values > ENUM_VALUES:
        raise _wrong(f"more than {ENUM_VALUES} enum values", "()")


def _parts(schema: Any, path: tuple[str, ...], depth: int = 1) -> Iterator[tuple[str, Schema]]:
    """Every schema inside a schema, with its place."""
    place = ".".join(path)
    if not isinstance(schema, dict):
        raise _wrong("a schema must be an object", place)
    if depth > NESTING and "properties" in schema:
        raise _wrong(f"more than {NESTING} levels of nesting", place)
    yield place, schema
    inside = [("items", schema["items"])] if "items" in schema else []
    for group in ("properties", "$defs", "definitions"):
        inside += schema.get(group, {}).items()
    inside += ((f"anyOf[{n}]", part) for n, part in enumerate(schema.get("anyOf", ())))
    for name, part in inside:
        yield from _parts(part, (*path, name), depth + ("properties" in schema))


def _check_part(part: Schema, place: str) -> None:
    unknown = sorted(set(part) - KEYWORDS)
    if unknown:
        raise _wrong(f"'{unknown[0]}' is not permitted", place)
    kinds = part.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not set(kinds) <= TYPES or not (kinds or {"$ref", "anyOf", "enum", "const"} & set(part)):
        raise _wrong("schema must have a 'type' key", place)
    if "array" in kinds and "items" not in part:
        raise _wrong("array schema missing items", place)
    if "object" in kinds:
        _check_object(part, place)
    if "enum" in part:
        _check_enum(part["enum"], place)


def _check_object(part: Schema, place: str) -> None:
    if part.get("additionalProperties") is not False:
        raise _wrong("'additionalProperties' is required to be supplied and to be false", place)
    properties = part.get("properties", {})
    if not isinstance(properties, dict) or sorted(part.get("required", ())) != sorted(properties):
        raise _wrong(
            "'required' is required to be supplied and to be an array including every key in "
            "properties",
            place,
        )


def _check_enum(values: Any, place: str) -> None:
    if not isinstance(values, list) or not values:
        raise _wrong("enum must be a non-empty array", place)
    texts = [value for value in values if isinstance(value, str)]
    if len(set(texts)) != len(texts):
        raise _wrong("enum values must be distinct", place)
    if len(values) > ENUM_LARGE and sum(map(len, texts)) > ENUM_TEXT:
        raise _wrong(f"the values of an enum have more than {ENUM_TEXT} characters", place)


def _wrong(problem: str, place: str) -> Refused:
    return Refused(
        f"Invalid schema for response_format: In context={place}, {problem}.",
        code="invalid_json_schema",
        param="response_format",
    )
