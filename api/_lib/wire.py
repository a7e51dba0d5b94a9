"""What goes over the wire: request and answer shapes, their types, and the envelope."""

import gzip
import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")
RECORD_ID = r"^rec[A-Za-z0-9]{14}$"
UUID_TEXT = (
    r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
)
# For Python, `$` also matches before a line break at the end.
ENTITY_ID = rf"{RECORD_ID}(?!\n)|{UUID_TEXT}"
EMAIL = re.compile(
    r"(?!\.)(?!.*\.\.)[A-Za-z0-9_'+.-]*[A-Za-z0-9_'+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}"
)
GZIP_FROM = 1024

Key = UUID | str
"""Id of a person's record: ours, or Airtable's where it lives there alone."""

RecordId = Annotated[str, Meta(pattern=RECORD_ID, max_length=17)]
UserId = Annotated[str, Meta(min_length=1, max_length=64)]
EntityId = Annotated[str, Meta(pattern=ENTITY_ID, max_length=36)]
ActivityDay = date
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2_000)]
NewPassword = Annotated[str, Meta(min_length=8, max_length=1_024)]
OneTimeCode = Annotated[str, Meta(pattern=r"^[0-9]{6}$", max_length=6)]


class Email(str):
    """An e-mail address, trimmed, lower-cased and checked."""

    __slots__ = ()


class Wire(Struct, rename="camel"):
    """An answer; a field that is UNSET is absent, None is null."""


class Body(Struct, rename="camel"):
    """A request body or query; unknown keys are dropped, strings without a bound get one."""


class Encoded(Struct, frozen=True):
    """The whole body of a successful answer, encoded before, with its compressed form."""

    plain: bytes
    gzipped: bytes | None = None
    etag: str | None = None


class Cookie(Struct, frozen=True):
    """A cookie to set; an empty value with max_age 0 clears it."""

    name: str
    value: str
    max_age: int


class Reply(Struct, Generic[T], frozen=True):
    """Data with a status, cookies or headers of its own."""

    data: T
    status: int = 200
    cookies: tuple[Cookie, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


class Redirect(Struct, frozen=True):
    """Sends the browser elsewhere."""

    location: str
    headers: tuple[tuple[str, str], ...] = ()


class Bare(Struct, frozen=True):
    """A whole body that brings its own envelope members."""

    body: object
    status: int = 200


class Empty(Struct, frozen=True):
    """204: the sender reads no body."""


def present(value: T | None) -> T | UnsetType:
    """Absent on the wire when there is no value."""
    return UNSET if value is None else value


def text_of(key: Key | None) -> str | None:
    """An id as it goes over the wire."""
    return None if key is None else str(key)


def given(value: T | UnsetType) -> T | None:
    """A field of a request, None when it was absent."""
    return None if isinstance(value, UnsetType) else value


def filled(value: str | None) -> str | UnsetType:
    """Absent on the wire when the text is empty."""
    return value or UNSET


def moment(value: datetime) -> str:
    """A moment as ISO 8601 in UTC with milliseconds and Z."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_record_id(text: str) -> bool:
    """Whether a text has the form of an Airtable record id."""
    return re.fullmatch(RECORD_ID[1:-1], text) is not None


def as_uuid(text: str) -> UUID | None:
    """The UUID a text stands for, or nothing."""
    return UUID(text) if re.fullmatch(UUID_TEXT[1:-1], text) else None


def parse_email(text: object) -> Email:
    """An address as we store it; raises ValueError when it is none."""
    if not isinstance(text, str):
        raise ValueError("Expected `str`")
    address = unicodedata.normalize("NFC", text.strip().lower())
    if len(address) > 254 or not EMAIL.fullmatch(address):
        raise ValueError("Expected an e-mail address")
    return Email(address)


def success(data: object) -> bytes:
    """The envelope of a successful answer."""
    return b'{"success":true,"data":' + _encoder.encode(data) + b"}"


def failure(text: str) -> bytes:
    """The envelope of an error."""
    return b'{"success":false,"error":' + _encoder.encode(text) + b"}"


def bare(body: object) -> bytes:
    """A body outside the envelope."""
    return _encoder.encode(body)


def encoded(data: object) -> Encoded:
    """A successful answer made ready once, to be sent many times."""
    return packed(success(data))


def packed(plain: bytes) -> Encoded:
    """An encoded answer with its compressed form, where that is worth it."""
    return Encoded(plain, gzip.compress(plain, 6) if len(plain) >= GZIP_FROM else None)


def _encode_custom(value: object) -> object:
    if isinstance(value, UUID | str):
        return str(value)
    raise NotImplementedError(f"no encoder for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_encode_custom)
