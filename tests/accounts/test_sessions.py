"""What a session becomes when its refresh token is presented, as a pure rule."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from api._lib.accounts.model import Session
from api._lib.accounts.rules.sessions import (
    GRACE,
    LONGEST_SESSION,
    SESSION_LIFE,
    Refresh,
    decide_refresh,
    extended,
    is_open,
)

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
CURRENT, PREVIOUS, FOREIGN = uuid4(), uuid4(), uuid4()


def session(until: datetime | None = None, previous: UUID | None = PREVIOUS) -> Session:
    return Session(
        sid=uuid4(),
        user_id="recUSER0000000001",
        current_jti=CURRENT,
        previous_jti=previous,
        previous_jti_until=until,
        expires_at=NOW + SESSION_LIFE,
        revoked_at=None,
        created_at=NOW - timedelta(days=1),
    )


def decide(jti: UUID | None, age: timedelta, until: datetime | None = None) -> Refresh:
    issued = int((NOW - age).timestamp())
    return decide_refresh(session(until), jti, issued, NOW)


@given(st.integers(0, 59))
def test_a_young_current_token_is_issued_again(seconds: int) -> None:
    assert decide(CURRENT, timedelta(seconds=seconds)) is Refresh.REPEAT


@given(st.integers(60, 7 * 86_400))
def test_an_older_current_token_is_rotated(seconds: int) -> None:
    assert decide(CURRENT, timedelta(seconds=seconds)) is Refresh.ROTATE


def test_the_previous_token_works_until_the_new_one_was_seen_and_a_minute_longer() -> None:
    old = timedelta(minutes=10)
    assert decide(PREVIOUS, old) is Refresh.REPEAT_PREVIOUS
    assert decide(PREVIOUS, old, NOW) is Refresh.REPEAT_PREVIOUS
    assert decide(PREVIOUS, old, NOW - timedelta(seconds=1)) is Refresh.REVOKE


@given(st.none() | st.just(FOREIGN), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_any_other_token_is_a_theft(jti: UUID | None, until: datetime | None) -> None:
    assert decide(jti, timedelta(0), until) is Refresh.REVOKE


def test_a_session_without_previous_token_does_not_take_an_empty_one() -> None:
    fresh = session(previous=None)
    assert decide_refresh(fresh, None, int(NOW.timestamp()), NOW) is Refresh.REVOKE


@given(st.integers(0, 120))
def test_a_session_never_outlives_ninety_days(days: int) -> None:
    created = NOW - timedelta(days=days)
    ends = extended(created, NOW)
    assert ends <= created + LONGEST_SESSION
    assert ends == min(NOW + SESSION_LIFE, created + LONGEST_SESSION)


def test_a_session_is_open_until_it_is_revoked_or_over() -> None:
    assert is_open(session(), NOW)
    assert not is_open(session(), NOW + SESSION_LIFE)
    assert not is_open(structs.replace(session(), revoked_at=NOW), NOW)
    assert timedelta(seconds=60) == GRACE
