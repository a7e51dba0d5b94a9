"""Tokens: which are accepted, which never."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from api._lib.accounts import tokens

SECRET = "a secret that is long enough for HS512 as well, which wants 64 bytes and more"
LEGACY = {
    "userId": "recUSER0000000001",
    "email": "an@example.test",
    "typ": "access",
    "iat": 1_767_225_600,
    "exp": 1_767_229_200,
}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def signed(algorithm: str = "HS256", secret: str = SECRET, **changes: Any) -> str:
    claims = {key: value for key, value in (LEGACY | changes).items() if value is not None}
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_a_token_of_the_former_server_is_good_until_five_seconds_after_its_end() -> None:
    token = signed()
    assert tokens.verify(SECRET, "access", token, at(1_767_229_199)) is not None
    assert tokens.verify(SECRET, "access", token, at(1_767_229_205)) is not None
    assert tokens.verify(SECRET, "access", token, at(1_767_229_206)) is None


@pytest.mark.parametrize(
    "token",
    [
        signed("HS512"),
        signed("HS384"),
        signed("none", ""),
        signed(secret="another secret, also long enough to sign with HS256"),
        signed(typ=None),
        signed(typ="refresh"),
        signed(exp=None),
        signed(iat=None),
        signed(userId=None),
        signed(userId=""),
        signed(userId=17),
        signed(exp="soon"),
        signed(iat=1_767_225_600 + 7_200),
        signed() + "x",
        signed()[:-4],
        "not.a.token",
        "",
        "x" * 5_000,
    ],
)
def test_F_A18_everything_else_is_refused(token: str) -> None:
    assert tokens.verify(SECRET, "access", token, at(1_767_225_700)) is None


def test_what_is_no_token_of_ours_is_not_remembered() -> None:
    remembered = tokens._claims.cache_info().currsize
    for number in range(10):
        assert tokens.verify(SECRET, "access", f"{number}" * 4_000, at(1_767_225_700)) is None
        assert tokens.verify(SECRET, "access", signed(userId=number), at(1_767_225_700)) is None
    assert tokens._claims.cache_info().currsize == remembered


@pytest.mark.parametrize(
    "claims", [{"aud": "elsewhere"}, {"sub": 17}, {"jti": 17}, {"iss": 17}, {"nbf": 4_000_000_000}]
)
def test_claims_that_say_nothing_to_us_are_ignored(claims: dict[str, Any]) -> None:
    token = jwt.api_jws.encode(json.dumps(LEGACY | claims).encode(), SECRET, "HS256")
    assert tokens.verify(SECRET, "access", token, at(1_767_225_700)) is not None


def test_a_refresh_token_is_no_access_token_and_the_other_way_round() -> None:
    now, sid = at(1_767_225_600), uuid4()
    access = tokens.issue(SECRET, "access", "recUSER0000000001", "an@example.test", now, sid)
    refresh = tokens.issue(
        SECRET, "refresh", "recUSER0000000001", "an@example.test", now, sid, uuid4()
    )
    assert tokens.verify(SECRET, "refresh", access, now) is None
    assert tokens.verify(SECRET, "access", refresh, now) is None


def test_an_access_token_lives_an_hour_and_a_refresh_token_a_week() -> None:
    now, sid = at(1_767_225_600), uuid4()
    for kind, life in (("access", timedelta(hours=1)), ("refresh", timedelta(days=7))):
        token = tokens.issue(SECRET, kind, "recA", "a@b.co", now, sid)  # type: ignore[arg-type]  # both kinds
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_exp": False})
        assert claims["exp"] - claims["iat"] == life.total_seconds()
        assert claims["sid"] == str(sid)
        assert not {"sub", "iss", "aud"} & claims.keys()
