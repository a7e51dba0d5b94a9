"""The rate limits of accounts, each at its documented number (F-H6)."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from api._lib import limits
from api._lib.app import App
from api._lib.limits import Bucket, Use
from tasks.dev.services import Redis
from tests.endpoints.accounts.letters import letters
from tests.endpoints.accounts.visitor import HOME, Answer, Visitor, settled
from tests.ground.smtp import Mailbox
from tests.people import PASSWORD, Person

MINUTE, HOUR = 60, 3_600
DOCUMENTED = {
    "LOGIN_ACCOUNT_AND_ADDRESS": (5, 15 * MINUTE),
    "LOGIN_ADDRESS": (100, 15 * MINUTE),
    "LOGIN_ACCOUNT": (50, HOUR),
    "LOGIN_WITHOUT_PASSWORD_ADDRESS": (600, HOUR),
    "MAGIC_LINK_ADDRESS": (200, HOUR),
    "MAIL_ACCOUNT_SHORT": (1, 2 * MINUTE),
    "MAIL_ACCOUNT_HOUR": (5, HOUR),
    "CODE_ACCOUNT": (10, 15 * MINUTE),
    "LINK_ADDRESS": (100, 15 * MINUTE),
    "REFRESH_SESSION": (120, 15 * MINUTE),
    "REFRESH_BAD_COOKIE_ADDRESS": (300, 15 * MINUTE),
    "CHANGE_PASSWORD_USER": (5, HOUR),
    "ERASE_USER": (10, HOUR),
    "CREATE_USER_USER": (10, HOUR),
    "LOOKUP_USER": (10, HOUR),
    "SECRET_ADDRESS": (10, 15 * MINUTE),
}


def test_the_numbers_are_the_documented_ones() -> None:
    found = {name: getattr(limits, name) for name in DOCUMENTED}
    assert {n: (b.limit, b.seconds) for n, b in found.items()} == DOCUMENTED


async def use_up(app: App, bucket: Bucket, who: str, but: int = 0) -> None:
    """Use a bucket until `but` uses are left."""
    assert app.resources is not None
    for _ in range(bucket.limit - but):
        assert await app.resources.limits.wait_after(Use(bucket, who)) == 0


Call = Callable[[Visitor, Person], Awaitable[Answer]]


async def first_step(visitor: Visitor, person: Person) -> Answer:
    return await visitor.login(person.email)


async def wrong_password(visitor: Visitor, person: Person) -> Answer:
    return await visitor.login(person.email, "Een-ander-wachtwoord")


async def wrong_link(visitor: Visitor, _: Person) -> Answer:
    return await visitor.open_link("0" * 64)


async def wrong_code(visitor: Visitor, person: Person) -> Answer:
    return await visitor.enter_code(person.email, "123456")


async def wrong_setup_code(visitor: Visitor, person: Person) -> Answer:
    return await visitor.set_password(person.email, "123456", "Een-nieuw-wachtwoord")


async def bad_cookie(visitor: Visitor, _: Person) -> Answer:
    visitor.cookie = "rubbish"
    return await visitor.refresh()


@pytest.mark.parametrize(
    ("bucket", "who", "call", "status"),
    [
        (limits.LOGIN_WITHOUT_PASSWORD_ADDRESS, HOME, first_step, 400),
        (limits.LOGIN_ADDRESS, HOME, wrong_password, 401),
        (limits.LOGIN_ACCOUNT, "{email}", wrong_password, 401),
        (limits.LOGIN_ACCOUNT_AND_ADDRESS, "{email}|" + HOME, wrong_password, 401),
        (limits.LINK_ADDRESS, HOME, wrong_link, 401),
        (limits.CODE_ACCOUNT, "{email}", wrong_code, 401),
        (limits.CODE_ACCOUNT, "{email}", wrong_setup_code, 401),
        (limits.REFRESH_BAD_COOKIE_ADDRESS, HOME, bad_cookie, 401),
    ],
    ids=lambda value: value.name if isinstance(value, Bucket) else None,
)
async def test_the_last_use_is_answered_and_the_next_is_a_429(
    app: App,
    visitor: Visitor,
    person: Person,
    bucket: Bucket,
    who: str,
    call: Call,
    status: int,
) -> None:
    await use_up(app, bucket, who.format(email=person.email), but=1)
    assert (await call(visitor, person)).status == status
    refused = await call(visitor, person)
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= bucket.seconds
    assert "password" not in refused.error.lower()


async def test_F_A12_who_goes_on_trying_locks_out_neither_the_owner_nor_the_neighbours(
    client: httpx.AsyncClient, person: Person
) -> None:
    stranger, owner = (Visitor(client, f"198.51.100.{number}") for number in (1, 2))
    tries = [await wrong_password(stranger, person) for _ in range(120)]
    assert [answer.status for answer in tries] == [401] * 5 + [429] * 115
    assert (await owner.login(person.email, PASSWORD)).status == 200
    assert (await stranger.login("nobody@example.test", PASSWORD)).status == 401


async def test_a_session_refreshes_120_times_in_a_quarter(
    app: App, visitor: Visitor, person: Person
) -> None:
    sid = (await visitor.login(person.email, PASSWORD)).sid
    await use_up(app, limits.REFRESH_SESSION, sid, but=1)
    assert (await visitor.refresh()).status == 200
    refused = await visitor.refresh()
    assert (refused.status, refused.cookie) == (429, None)


async def test_a_used_up_address_asks_for_links_in_vain_and_never_knows(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox
) -> None:
    await use_up(app, limits.MAGIC_LINK_ADDRESS, HOME)
    assert (await visitor.request_link(person.email)).status == 200
    await settled(app)
    assert letters(mailbox) == []


async def test_the_first_step_is_no_failure_elsewhere(visitor: Visitor, person: Person) -> None:
    for _ in range(20):
        await visitor.login(person.email)
    assert (await visitor.login(person.email, PASSWORD)).status == 200


async def test_where_the_address_is_unknown_only_pairs_and_accounts_count(
    app: App, client: httpx.AsyncClient, person: Person
) -> None:
    """A mesh that hides the sender must not put everybody into one bucket."""
    hidden = Visitor(client, "10.0.0.7")
    await use_up(app, limits.LOGIN_WITHOUT_PASSWORD_ADDRESS, "10.0.0.7")
    assert (await hidden.login(person.email)).status == 400
    for _ in range(5):
        await hidden.login(person.email, "Een-ander-wachtwoord")
    assert (await hidden.login(person.email, PASSWORD)).status == 429


async def test_without_redis_the_process_counts_by_itself(
    app: App, visitor: Visitor, person: Person, redis: Redis
) -> None:
    redis.kill()
    answers = [await wrong_password(visitor, person) for _ in range(6)]
    redis.start()
    assert [answer.status for answer in answers] == [401] * 5 + [429]


class TestTripled:
    """`RATE_LIMIT_FACTOR` multiplies every number but the five tries of a code."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {"RATE_LIMIT_FACTOR": "3"}

    async def test_three_mails_in_two_minutes_and_still_five_tries(
        self, app: App, visitor: Visitor, person: Person, mailbox: Mailbox
    ) -> None:
        for _ in range(5):
            await visitor.request_link(person.email)
        await settled(app)
        assert len(letters(mailbox)) == 3
        letter = letters(mailbox)[-1]
        wrong = "100000" if letter.code != "100000" else "100001"
        for _ in range(5):
            assert (await visitor.enter_code(person.email, wrong)).status == 401
        assert (await visitor.enter_code(person.email, letter.code)).status == 401
