"""pyairtable for one thread: one request per call, bounded in time and size, errors by class.

Importing it takes longer than a slot to send in, so it is done apart (see `transport`).
"""

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import requests
from pyairtable import Api
from requests.exceptions import ConnectionError as NetworkError
from requests.exceptions import ConnectTimeout, HTTPError, RequestException
from urllib3.exceptions import HTTPError as BodyError

from api._lib.airtable.errors import (
    AirtableError,
    ConfigurationError,
    MissingError,
    RefusedError,
    ThrottledError,
    TooLateError,
    TransientError,
)
from api._lib.json_text import UNREADABLE

T = TypeVar("T")

CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 32 * 1024 * 1024
CHUNK = 64 * 1024
TRANSIENT = frozenset({408, 500, 502, 503, 504})
NOT_TOLD_APART = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
UNCONNECTED = re.compile("NewConnectionError|NameResolutionError|Connection refused")


class BoundedSession(requests.Session):
    """Starts a request only in its slot, and ends it when it takes too long or sends too much."""

    start_before = 0.0
    end_before = 0.0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send now or not at all."""
        if time.monotonic() > self.start_before:
            raise TooLateError
        response = super().send(request, **options | {"stream": True})
        # What `Response.content` would have kept, had it read the body itself.
        response._content = self._read(response)
        return response

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        while chunk := _what_came(response):
            body += chunk
            if len(body) > LARGEST_ANSWER or time.monotonic() > self.end_before:
                response.close()
                raise requests.exceptions.ReadTimeout("the answer is too long")
        return bytes(body)


def _what_came(response: requests.Response) -> bytes:
    """The next part of a body, however short: to wait for a whole chunk may take for ever."""
    try:
        part: bytes = response.raw.read1(CHUNK, decode_content=True)
    except BodyError as error:
        raise NetworkError(error) from error
    return part


class Client:
    """The connections of one thread; they stay open between requests."""

    def __init__(self, token: str, endpoint: str) -> None:
        self._session = BoundedSession()
        self._api = Api(token, endpoint_url=endpoint, retry_strategy=None, use_field_ids=True)
        self._api.session = self._session
        self._api.api_key = token

    def perform(self, call: Callable[[Api], T], start_before: float, seconds: float) -> T:
        """Make one request; raises AirtableError, or TooLateError if it never began."""
        self._session.start_before = start_before
        self._session.end_before = time.monotonic() + seconds
        # pyairtable says whole numbers; requests takes fractions.
        self._api.timeout = (min(CONNECT_SECONDS, seconds), seconds)  # type: ignore[assignment]
        try:
            return call(self._api)
        except RequestException as error:
            raise classified(error) from error


def classified(error: RequestException) -> AirtableError:
    """The class of a failed request."""
    if isinstance(error, HTTPError) and error.response is not None:
        return _of_answer(error.response)
    if isinstance(error, ConnectTimeout) or UNCONNECTED.search(repr(error)):
        return TransientError.unsent(type(error).__name__)
    if isinstance(error, NetworkError | requests.exceptions.Timeout):
        return TransientError(type(error).__name__)
    return TransientError(f"unreadable answer: {type(error).__name__}")


def _of_answer(response: requests.Response) -> AirtableError:
    status, kind, text = response.status_code, *_details(response)
    if status == 429:
        return ThrottledError(text, status=status, kind=kind)
    if status in TRANSIENT or status > 500:
        return TransientError(text, status=status, kind=kind)
    if status == 404 or (status == 403 and kind == NOT_TOLD_APART):
        return MissingError(text, status=status, kind=kind)
    if status in (401, 403):
        return ConfigurationError(text, status=status, kind=kind)
    return RefusedError(text, status=status, kind=kind)


def _details(response: requests.Response) -> tuple[str, str]:
    """Airtable's name of the error, and a text without quoted values."""
    try:
        error = msgspec.json.decode(response.content)["error"]
    except (*UNREADABLE, KeyError, TypeError):
        return "", f"HTTP {response.status_code}"
    if isinstance(error, dict):
        kind, message = str(error.get("type", "")), str(error.get("message", ""))
        return kind, f"{kind}: {_without_values(message)}"
    return str(error), str(error)


def _without_values(message: str) -> str:
    """Field and record ids may stay, everything else in quotes may be somebody's text (P5)."""
    return re.sub(
        r"\"(?!(?:fld|rec|tbl)[A-Za-z0-9]{14}\")[^\"]*\"", '"…"', message.replace('\\"', "")
    )[:500]
