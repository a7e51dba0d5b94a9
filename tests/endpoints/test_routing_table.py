"""The routing table, compared with what is served, and every row called by everybody."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from msgspec import Struct

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.guard import Access
from api._lib.settings import Settings
from tests.endpoints.conftest import MakePerson
from tests.endpoints.routing_table import ROUTES, SECRETS, Route, Who, routes
from tests.people import Person, record_id

KINDS = {
    Access.PUBLIC: Who.PUBLIC,
    Access.REFRESH_COOKIE: Who.COOKIE,
    Access.USER: Who.USER,
    Access.ADMIN: Who.ADMIN,
}
SECRET = "the right secret"
PAGES = {"index.html": "<html></html>", "sw.js": "", "registerSW.js": "", "assets/index-1.js": ""}
PAGES |= {"manifest.webmanifest": "{}"}

each = pytest.mark.parametrize
# HS512 wants a longer secret, and is refused whatever it is signed with.
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")


def label(route: object) -> str:
    return route.label if isinstance(route, Route) else str(route)


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A server with all its secrets and a built client."""
    for name, text in PAGES.items():
        file = tmp_path / "dist" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return environ | {
        "STATIC_DIR": str(tmp_path / "dist"),
        "CACHE_INVALIDATION_SECRET": SECRET,
        "AIRTABLE_INBOUND_SYNC_SECRET": SECRET,
        "AIRTABLE_USER_SYNC_SECRET": SECRET,
        "METRICS_TOKEN": SECRET,
        "AIRTABLE_MIN_INTERVAL_MS": "1",
        "USER_READTHROUGH_FALLBACK_ENABLED": "false",
    }


def test_all_79_rows_are_here_and_later_ones_have_the_next_numbers() -> None:
    numbers = {route.number for route in ROUTES}
    assert max(numbers) >= 79
    assert numbers == set(range(1, max(numbers) + 1))


def test_what_is_served_is_what_the_table_says(app: App) -> None:
    served = {
        (h.method, h.path): Who(h.guard.secret) if h.guard.secret else KINDS[h.guard.access]
        for h in app.handlers
    }
    wanted = {
        (route.method, route.path): route.who
        for route in ROUTES
        if route.who not in (Who.NOBODY, Who.FRAME)
    }
    assert served == wanted


class Caller(Struct, frozen=True):
    """Somebody with a certain Authorization header, and what every signed-in route answers them."""

    name: str
    headers: Mapping[str, str]
    status: int


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


class Forger:
    """Makes tokens that are wrong in exactly one way."""

    def __init__(self, person: Person, settings: Settings, clock: ManualClock) -> None:
        now = int(clock.now().timestamp())
        self._secret = settings.jwt_secret
        self._claims: dict[str, Any] = {
            "userId": person.id,
            "email": person.email,
            "typ": "access",
            "iat": now,
            "exp": now + 3_600,
            "sid": str(person.sid),
        }

    def token(self, algorithm: str = "HS256", secret: str | None = None, **changes: Any) -> str:
        """A token with other claims, None leaves one out."""
        claims = {k: v for k, v in (self._claims | changes).items() if v is not None}
        key = self._secret if secret is None else secret
        return jwt.encode(claims, key, algorithm=algorithm)

    def tampered(self) -> str:
        """The signature of one token under the claims of another."""
        head, _, signature = self.token().split(".")
        claims = self.token(userId=record_id("OTHER")).split(".")[1]
        return f"{head}.{claims}.{signature}"


@pytest.fixture
async def refused(
    person: Person,
    make_person: MakePerson,
    settings: Settings,
    clock: ManualClock,
    app: App,
) -> list[Caller]:
    """Everybody whom no signed-in route lets in."""
    assert app.resources is not None
    forge = Forger(person, settings, clock)
    good = forge.token()
    blocked, deleted = await make_person(status="disabled"), await make_person(status="deleted")
    erased, left = await make_person(), await make_person()
    await app.resources.db.execute("DELETE FROM users WHERE id = $1", erased.id)
    await app.resources.db.execute(
        "UPDATE auth_sessions SET revoked_at = now() WHERE user_id = $1", left.id
    )
    past = int((clock.now() - timedelta(hours=2)).timestamp())
    tokens = {
        "refresh token": forge.token(typ="refresh", jti=str(uuid4())),
        "no type": forge.token(typ=None),
        "tampered": forge.tampered(),
        "alg none": forge.token("none", ""),
        "HS512": forge.token("HS512"),
        "wrong secret": forge.token(secret="another secret, long enough to sign with as well"),
        "expired": forge.token(iat=past, exp=past + 3_600),
        "no end": forge.token(exp=None),
        "session of another": forge.token(sid=str(left.sid)),
        "no session there": forge.token(sid=str(uuid4())),
        "nobody": forge.token(userId=record_id("NOBODY")),
    }
    return [
        Caller("no token", {}, 401),
        Caller("another scheme", {"authorization": f"Basic {good}"}, 401),
        Caller("another case", {"authorization": f"bearer {good}"}, 401),
        *(Caller(name, bearer(token), 401) for name, token in tokens.items()),
        Caller("erased", erased.headers, 401),
        Caller("signed out", left.headers, 401),
        Caller("blocked", blocked.headers, 403),
        Caller("deleted", deleted.headers, 403),
    ]


def url_of(route: Route, person: Person | None = None) -> str:
    """The path of a row with ids that exist nowhere, of the person in the routes of users."""
    user_id = person.id if person else record_id("USER")
    unknown = user_id if "/users/" in route.path else str(uuid4())
    named = {"lang": "nl", "recordId": record_id("FILE"), "filename": "a.png", "id": unknown}
    return route.path.format(**named | {"planningId": str(uuid4())})


def is_envelope(answer: httpx.Response, status: int) -> bool:
    """Whether an answer is a proper refusal."""
    body = answer.json()
    return (
        (answer.status_code, body["success"]) == (status, False)
        and isinstance(body["error"], str)
        and answer.headers["cache-control"] == "no-store"
        and answer.headers["x-content-type-options"] == "nosniff"
    )


@each("route", routes(Who.USER, Who.ADMIN), ids=label)
async def test_nobody_gets_in_without_a_good_token(
    client: httpx.AsyncClient, refused: list[Caller], route: Route
) -> None:
    for caller in refused:
        answer = await client.request(route.method, url_of(route), headers=dict(caller.headers))
        assert is_envelope(answer, caller.status), (caller.name, answer.status_code, answer.text)


@each("route", routes(Who.USER), ids=label)
async def test_participants_and_administrators_get_in(
    client: httpx.AsyncClient, make_person: MakePerson, route: Route
) -> None:
    """What they get depends on the ids and the body, but the guard lets them through."""
    for role in ("Deelnemer", "admin"):
        person = await make_person(role=role)
        answer = await client.request(route.method, url_of(route, person), headers=person.headers)
        assert answer.status_code not in (401, 403, 405, 500), answer.text


@each("route", routes(Who.ADMIN), ids=label)
async def test_only_administrators_get_further(
    client: httpx.AsyncClient, make_person: MakePerson, route: Route
) -> None:
    for role in ("Deelnemer", "Admin", "administrator", " admin", ""):
        person = await make_person(role=role)
        answer = await client.request(route.method, route.path, headers=person.headers)
        assert is_envelope(answer, 403), role
    admin = await make_person(role="admin")
    answer = await client.request(route.method, route.path, headers=admin.headers)
    assert answer.status_code not in (401, 403, 405, 500)


@each("route", routes(Who.PUBLIC), ids=label)
async def test_public_routes_ask_for_no_token_and_look_at_none(
    client: httpx.AsyncClient, person: Person, refused: list[Caller], route: Route
) -> None:
    plain = await client.request(route.method, url_of(route))
    allowed = {200, 302, 400, 404, 503} | ({401} if route.path.endswith("/webhook") else set())
    assert plain.status_code in allowed, plain.text
    for headers in (person.headers, *(caller.headers for caller in refused)):
        answer = await client.request(route.method, url_of(route), headers=dict(headers))
        assert answer.status_code == plain.status_code


@each("route", routes(Who.COOKIE), ids=label)
async def test_refreshing_takes_the_cookie_and_nothing_else(
    client: httpx.AsyncClient,
    person: Person,
    make_person: MakePerson,
    settings: Settings,
    clock: ManualClock,
    route: Route,
) -> None:
    forge = Forger(person, settings, clock)
    refresh: dict[str, Any] = {"typ": "refresh", "jti": str(person.jti)}
    bad = {
        "access token": forge.token(),
        "no type": forge.token(**refresh | {"typ": None}),
        "alg none": forge.token("none", "", **refresh),
        "HS512": forge.token("HS512", **refresh),
        "wrong secret": forge.token(secret="another secret, long enough to sign with", **refresh),
        "tampered": forge.tampered(),
        "nobody": forge.token(**refresh, userId=record_id("NOBODY")),
    }
    blocked = await make_person(status="disabled")
    theirs = Forger(blocked, settings, clock).token(typ="refresh", jti=str(blocked.jti))

    async def ask(cookie: str) -> httpx.Response:
        headers = {"cookie": f"refreshToken={cookie}"} if cookie else {}
        return await client.post(route.path, headers=headers)

    assert is_envelope(await ask(""), 401)
    assert is_envelope(await client.post(route.path, headers=person.headers), 401)
    for name, cookie in bad.items():
        answer = await ask(cookie)
        assert is_envelope(answer, 401), name
        assert "Max-Age=0" in answer.headers["set-cookie"], name
    answer = await ask(theirs)
    assert is_envelope(answer, 403)
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await ask(forge.token(**refresh))).status_code == 200


@each("route", routes(*SECRETS), ids=label)
async def test_F_H7_secrets_are_needed_and_must_be_right(
    client: httpx.AsyncClient, make_person: MakePerson, route: Route
) -> None:
    admin, header = await make_person(role="admin"), SECRETS[route.who]
    for headers in (
        {},
        admin.headers,
        {header: ""},
        {header: "a wrong secret"},
        {header: SECRET.upper()},
        {"x-another-secret": SECRET},
    ):
        answer = await client.request(route.method, route.path, headers=headers)
        assert is_envelope(answer, 401), headers
    right = await client.request(route.method, route.path, headers={header: SECRET})
    assert right.status_code not in (401, 403, 405, 500)


class TestWithoutSecrets:
    """A secret that is not set is never matched."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in environ.items() if not name.endswith("_SECRET")} | {
            "JWT_SECRET": environ["JWT_SECRET"]
        }

    @each("route", routes(*SECRETS), ids=label)
    async def test_F_H7_nobody_gets_in(self, client: httpx.AsyncClient, route: Route) -> None:
        for secret in ("", "None", SECRET):
            headers = {SECRETS[route.who]: secret}
            answer = await client.request(route.method, route.path, headers=headers)
            assert is_envelope(answer, 401), secret


@each("route", routes(Who.NOBODY), ids=label)
async def test_405_is_decided_before_any_guard(
    client: httpx.AsyncClient, person: Person, make_person: MakePerson, route: Route
) -> None:
    admin, blocked = await make_person(role="admin"), await make_person(status="disabled")
    for headers in ({}, person.headers, admin.headers, blocked.headers, {"authorization": "x"}):
        answer = await client.request(route.method, url_of(route), headers=headers)
        assert is_envelope(answer, 405)
        assert "GET" not in answer.headers["allow"].split(", ")


@each("route", [r for r in ROUTES if r.who is not Who.FRAME], ids=label)
async def test_every_path_tells_its_methods_and_refuses_the_others(
    client: httpx.AsyncClient, route: Route
) -> None:
    options = await client.options(url_of(route))
    assert (options.status_code, options.content) == (204, b"")
    allowed = set(options.headers["allow"].split(", "))
    assert (route.method in allowed) is (route.who is not Who.NOBODY)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        assert is_envelope(await client.request(method, url_of(route)), 405), method


@each("route", [r for r in routes(Who.FRAME) if r.number < 78], ids=label)
async def test_pages_and_documents_are_for_everybody(
    client: httpx.AsyncClient, route: Route
) -> None:
    for headers in ({}, {"authorization": "Bearer rubbish"}):
        answer = await client.request(route.method, route.path, headers=headers)
        assert answer.status_code == 200


async def test_78_figures_are_for_those_who_know_the_token(client: httpx.AsyncClient) -> None:
    for headers in ({}, bearer("wrong"), bearer("")):
        assert is_envelope(await client.get("/metrics", headers=headers), 401)
    assert (await client.get("/metrics", headers=bearer(SECRET))).status_code == 200
