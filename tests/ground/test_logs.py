"""What a log line may say."""

import json
import logging
import sys

import pytest

from api._lib.cache import Cache
from api._lib.logs import JsonFormatter, pseudonym, server_facts


def test_a_line_is_json_with_its_facts_and_its_trace() -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        trace = sys.exc_info()
    record = logging.LogRecord("api", logging.INFO, "file", 1, "it %s", ("happened",), trace)
    record.ms = 2.5
    record.color_message = "\x1b[1mit happened"
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["logger"], line["event"], line["ms"]) == (
        "info",
        "api",
        "it happened",
        2.5,
    )
    assert "ZeroDivisionError" in line["trace"]
    assert "color_message" not in line


def test_a_server_is_named_by_its_host_alone() -> None:
    facts = server_facts("postgres://user:secret@mfa_postgres:5432/mfa")
    assert facts == {"host": "mfa_postgres"}
    assert server_facts(None) == {"host": "localhost"}


@pytest.mark.parametrize("host", ["postgres", "redis"])
def test_L5_a_host_without_the_prefix_of_the_stack_comes_with_a_hint(host: str) -> None:
    assert f"mfa_{host}" in server_facts(f"scheme://user:secret@{host}:1/mfa")["hint"]


async def test_an_absent_redis_is_told_once_with_its_host(caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache.connect("redis://:secret@127.0.0.1:9")
    assert await cache.get("key") is None
    assert await cache.get("key") is None
    await cache.close()
    lines = [record.__dict__ for record in caplog.records if record.msg == "redis is away"]
    assert [line["host"] for line in lines] == ["127.0.0.1"]
    assert "secret" not in caplog.text


def test_an_address_is_known_by_a_keyed_hash() -> None:
    first = pseudonym("key", "an@voorbeeld.test")
    assert first == pseudonym("key", "an@voorbeeld.test")
    assert first != pseudonym("other", "an@voorbeeld.test")
    assert "voorbeeld" not in first
