"""Bad input, unknown paths, wrong methods: always the envelope, always the headers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.endpoints.conftest import app, client, make_person, person, statements
from tests.frame.conftest import Serve
from tests.people import Person

__all__ = ["app", "client", "make_person", "person", "statements"]
JSON = {"content-type": "application/json"}
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
BOOM = '''
from api._lib.guard import public

@public
async def get() -> str:
    """Fail with a secret in hand."""
    raise RuntimeError("postgres://user:hunter2@db/mfa")
'''
BEATEN = '''
import asyncpg

from api._lib.guard import public

@public
async def post() -> str:
    """Lose against another transaction."""
    raise asyncpg.DeadlockDetectedError("process 17 waits for ShareLock")
'''
BIG = '''
from api._lib.guard import public

@public
async def get() -> str:
    """A long answer."""
    return "x" * 5000
'''


def is_error(answer: httpx.Response, status: int) -> None:
    """The envelope of an error with all common headers."""
    assert answer.status_code == status
    body = answer.json()
    assert body["success"] is False
    assert isinstance(body["error"], str)
    assert body["error"]
    assert set(body) == {"success", "error"}
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "x-powered-by" not in answer.headers
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "content",
    [
        b"{bad",
        b"\xff\xfe",
        b'"text"',
        b"[]",
        b"12",
        b"null",
        b'{"email":"\\ud800"}',
        b"[" * 50_000,
        b'{"unknown":' + b"[" * 50_000,
    ],
)
async def test_F_H4_a_body_that_is_no_json_object_is_400(
    client: httpx.AsyncClient, content: bytes
) -> None:
    is_error(await client.post("/api/auth/login", content=content, headers=JSON), 400)


async def test_F_H4_too_large_a_body_is_413(client: httpx.AsyncClient) -> None:
    content = b'{"email":"' + b"x" * 110_000 + b'"}'
    is_error(await client.post("/api/auth/login", content=content, headers=JSON), 413)


async def test_a_large_body_without_a_length_is_413(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1024

    is_error(await client.post("/api/auth/login", content=chunks(), headers=JSON), 413)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {},
    ],
)
async def test_other_kinds_of_bodies_are_415(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    is_error(await client.post("/api/auth/login", content=b'{"a":1}', headers=headers), 415)


@pytest.mark.parametrize("headers", [{}, JSON])
async def test_no_body_at_all_is_accepted(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    is_error(await client.post("/api/auth/refresh", headers=headers), 401)
    assert (await client.post("/api/auth/logout", headers=headers)).status_code == 200


async def test_get_with_the_content_type_of_json_is_accepted(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/goals", headers=JSON)).status_code == 200


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope", "/API/goals", "/api/goals/x/y"])
async def test_unknown_paths_below_api_are_404(client: httpx.AsyncClient, path: str) -> None:
    is_error(await client.get(path), 404)


async def test_a_trailing_slash_makes_no_difference(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/goals/")).status_code == 200


async def test_a_wrong_method_is_405_with_what_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.put("/api/goals")
    is_error(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    is_error(await client.get("/api/users/recUSER0000000001"), 405)


@pytest.mark.parametrize("path", ["/metrics", "/api/docs", "/api/openapi.json"])
async def test_pages_for_operators_and_developers_are_only_read(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.post(path)
    is_error(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert (await client.options(path)).status_code == 204
    head = await client.head(path)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("path", ["/api/docs/docs.js", "/api/openapi.json"])
async def test_the_documentation_is_packed_for_those_who_can_unpack(
    client: httpx.AsyncClient, path: str
) -> None:
    packed = await client.get(path, headers={"accept-encoding": "gzip"})
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content


@pytest.mark.parametrize("path", ["/api/cache/invalidate", "/api/sync/inbound"])
@pytest.mark.parametrize("content", [b"table=goals", b" " * 110_000])
async def test_who_does_not_know_the_secret_learns_nothing_of_the_body(
    client: httpx.AsyncClient, path: str, content: bytes
) -> None:
    is_error(await client.post(path, content=content, headers={"content-type": "text/plain"}), 401)


async def test_options_tells_what_is_allowed_without_cors(client: httpx.AsyncClient) -> None:
    answer = await client.options("/api/goals")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/api/goals")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("path", ["/api/programs/%zz", "/api/programs/%ff%fe"])
async def test_malformed_percent_encoding_is_400(
    client: httpx.AsyncClient, person: Person, path: str
) -> None:
    is_error(await client.get(path, headers=person.headers), 400)


async def test_F_H1_what_an_exception_says_stays_in_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve({"boom.py": BOOM}) as calls:
        answer = await calls.get("/api/boom")
    is_error(answer, 500)
    assert "hunter2" not in answer.text
    assert "request failed" in caplog.text


async def test_who_gave_way_to_another_transaction_may_try_again(serve: Serve) -> None:
    async with serve({"beaten.py": BEATEN}) as calls:
        answer = await calls.post("/api/beaten", json={})
    is_error(answer, 503)
    assert "ShareLock" not in answer.text


async def test_sentences_come_in_the_language_of_the_browser(client: httpx.AsyncClient) -> None:
    asked = {"accept-language": "de, fr;q=0.8, en;q=0.5"}
    assert (await client.get("/api/nope", headers=asked)).json()["error"] == "Introuvable."
    assert (await client.get("/api/nope")).json()["error"] == "Niet gevonden."


async def test_long_answers_are_packed_for_those_who_can_unpack(serve: Serve) -> None:
    async with serve({"big.py": BIG}) as calls:
        packed = await calls.get("/api/big", headers={"accept-encoding": "gzip"})
        plain = await calls.get("/api/big", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


async def test_https_at_the_proxy_brings_hsts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/goals", headers={"x-forwarded-proto": "https"})
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in (await client.get("/api/goals")).headers


async def test_a_NUL_character_is_400(client: httpx.AsyncClient) -> None:
    body = {"email": "a@b.co", "password": "a\0b"}
    is_error(await client.post("/api/auth/login", json=body), 400)


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "email"), ({"email": 5}, "email"), ({"email": "a@b.co", "password": None}, "password")],
)
async def test_a_validation_error_names_the_field(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await client.post("/api/auth/login", json=body)
    is_error(answer, 400)
    assert field in answer.json()["error"]
