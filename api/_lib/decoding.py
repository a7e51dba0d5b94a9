"""Reading what a request carries into its shape: types, bounds, and a 400 that names the field."""

import re
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from api._lib.errors import ApiError, bad_request
from api._lib.json_text import UNREADABLE
from api._lib.wire import Email, parse_email

T = TypeVar("T")


class Decoder(Generic[T]):
    """Decodes and checks one request shape; built once per endpoint at the start."""

    def __init__(self, shape: type[T]) -> None:
        self.shape = shape
        self._decoder = msgspec.json.Decoder(shape, dec_hook=_custom)
        self._bounds = _default_bounds(shape)
        self._numbers = _whole_numbers(shape)

    def body(self, raw: bytes) -> T:
        """The body; raises a 400 that names the first wrong field."""
        if raw.lstrip()[:1] not in (b"{", b""):
            raise bad_request("body_not_object" if _is_json(raw) else "body_not_json")
        try:
            return self._checked(self._decoder.decode(raw.strip() or b"{}"), b"\\u0000" in raw)
        except msgspec.ValidationError as error:
            raise _explain(error) from None
        except UNREADABLE:
            raise bad_request("body_not_json") from None

    def query(self, pairs: Sequence[tuple[str, str]]) -> T:
        """The query; a repeated parameter counts as not being a string."""
        values: dict[str, object] = {}
        for key, value in pairs:
            values[key] = [value] if key in values else value
            # Read from text, 2.0 and 1e1 would be whole numbers too.
            if key in self._numbers and not re.fullmatch(r"-?[0-9]+", value):
                raise bad_request("field_invalid", field=key)
        try:
            shape = msgspec.convert(values, self.shape, strict=False, dec_hook=_custom)
        except msgspec.ValidationError as error:
            raise _explain(error) from None
        return self._checked(shape, any("\0" in value for _, value in pairs))

    def _checked(self, shape: T, suspect: bool) -> T:
        for name, limit in self._bounds:
            value = getattr(shape, name)
            if isinstance(value, str | list) and len(value) > limit:
                raise bad_request("field_too_long", field=_camel(name), limit=limit)
        if suspect and "\0" in repr_strings(shape):
            raise bad_request("body_not_json")
        return shape


def convert(value: str, kind: Any, field: str) -> Any:
    """A path parameter as its type; raises a 400 that names it."""
    try:
        return msgspec.convert(value, kind, strict=False, dec_hook=_custom)
    except msgspec.ValidationError:
        raise bad_request("field_invalid", field=field) from None


def repr_strings(value: object) -> str:
    """All strings inside a decoded value, joined."""
    if isinstance(value, str):
        return value
    if isinstance(value, Struct):
        return repr_strings(list(msgspec.structs.asdict(value).values()))
    if isinstance(value, dict):
        return repr_strings([*value.keys(), *value.values()])
    if isinstance(value, list | tuple):
        return " ".join(repr_strings(item) for item in value)
    return ""


def _custom(kind: type, value: object) -> object:
    if kind is Email:
        return parse_email(value)
    raise NotImplementedError(f"no decoder for {kind.__name__}")


def _is_json(raw: bytes) -> bool:
    try:
        msgspec.json.decode(raw)
    except UNREADABLE:
        return False
    return True


def _default_bounds(shape: type) -> tuple[tuple[str, int], ...]:
    """Bounds for the strings and lists of a shape that state none (F-H14)."""
    return tuple(
        (field.name, limit)
        for field in msgspec.structs.fields(shape)
        if (limit := _default_bound(field.name, msgspec.inspect.type_info(field.type)))
    )


def _whole_numbers(shape: type) -> frozenset[str]:
    """Names on the wire of the fields that hold a whole number."""
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(shape)
        for kind in _kinds(msgspec.inspect.type_info(field.type))
        if isinstance(kind, msgspec.inspect.IntType)
    )


def _default_bound(name: str, info: Any) -> int | None:
    for kind in _kinds(info):
        if isinstance(kind, msgspec.inspect.ListType) and kind.max_length is None:
            return 200
        if isinstance(kind, msgspec.inspect.StrType) and kind.max_length is None:
            return 64 if name.endswith("id") else 200 if name.endswith("name") else 2_000
    return None


def _kinds(info: Any) -> tuple[Any, ...]:
    return info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)


_LENGTH = re.compile(r"of length (<=|>=) (\d+)")


def _explain(error: msgspec.ValidationError) -> ApiError:
    text = str(error)
    if missing := re.search(r"missing required field `(\w+)`", text):
        return bad_request("field_required", field=missing[1])
    path = re.search(r"at `\$\.?([^`]+)`", text)
    if path is None:
        return bad_request("body_not_object")
    field = re.sub(r"\[(\.\.\.|\d+)\]", "", path[1])
    if length := _LENGTH.search(text):
        if length[1] == "<=":
            return bad_request("field_too_long", field=field, limit=length[2])
        if length[2] == "1":
            return bad_request("field_required", field=field)
        return bad_request("field_too_short", field=field, limit=length[2])
    return bad_request("field_invalid", field=field)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)
