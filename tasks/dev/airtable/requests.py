"""Reading requests: bodies and query strings into checked structures."""

import re
from typing import Any, Final, TypeVar

import msgspec
from starlette.datastructures import QueryParams

from tasks.dev.airtable.errors import AirtableError, bad_request

T = TypeVar("T")
SORT_KEY: Final = re.compile(r"sort\[(\d+)\]\[(field|direction)\]")
LISTS: Final = {"fields[]": "fields", "fields": "fields", "recordMetadata[]": "recordMetadata"}


def decode(raw: bytes, kind: type[T]) -> T:
    """Decode a JSON body; broken JSON is 400, a wrong form 422."""
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise bad_request(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise AirtableError(400, "BAD_REQUEST", "The request body is not valid JSON") from None


def decode_query(params: QueryParams, kind: type[T]) -> T:
    """Convert a query string, `fields[]` and `sort[0][field]` included."""
    values: dict[str, Any] = {}
    sort: dict[int, dict[str, str]] = {}
    for key, value in params.multi_items():
        if found := SORT_KEY.fullmatch(key):
            sort.setdefault(int(found[1]), {})[found[2]] = value
        elif key in LISTS:
            values.setdefault(LISTS[key], []).append(value)
        else:
            values[key] = value
    if sort:
        values["sort"] = [sort[index] for index in sorted(sort)]
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise bad_request(str(error)) from None
