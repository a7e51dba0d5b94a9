"""Logging in with what a mail brought: its link, or its code."""

import asyncio
from datetime import timedelta

import pytest

from api._lib.accounts.codes import new_token
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from tests.endpoints.accounts.letters import letters, mailed
from tests.endpoints.accounts.visitor import Visitor, settled
from tests.endpoints.conftest import MakePerson
from tests.ground.smtp import Mailbox
from tests.people import Person


async def test_example_3_F_A15_capitals_make_no_difference_and_a_code_works_once(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, clock: ManualClock
) -> None:
    await make_person(email="an@voorbeeld.test")
    letter = await mailed(app, visitor, mailbox, "An@Voorbeeld.test")
    clock.advance(timedelta(minutes=3))
    assert (await visitor.enter_code(" An@Voorbeeld.test", letter.code)).status == 200
    assert (await visitor.enter_code("An@Voorbeeld.test", letter.code)).status == 401
    fresh = await mailed(app, visitor, mailbox, "an@voorbeeld.test")
    clock.advance(timedelta(minutes=15, seconds=1))
    assert (await visitor.enter_code("an@voorbeeld.test", fresh.code)).status == 401


async def test_example_4_F_A5_a_link_opened_five_times_at_once_is_one_session(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, clock: ManualClock
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    answers = await asyncio.gather(*(visitor.open_link(letter.token) for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    [sid] = {answer.sid for answer in answers}
    clock.advance(timedelta(seconds=59))
    late = await visitor.open_link(letter.token)
    assert (late.status, late.sid) == (200, sid)
    clock.advance(timedelta(seconds=2))
    too_late = await visitor.open_link(letter.token)
    assert (too_late.status, too_late.cookie) == (401, None)


async def test_F_A5_twenty_uses_of_one_link_open_one_session_and_note_one_login(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, store: Database
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    answers = await asyncio.gather(*(visitor.open_link(letter.token) for _ in range(20)))
    assert [answer.status for answer in answers] == [200] * 20
    assert len({answer.sid for answer in answers}) == 1
    assert len({answer.cookie for answer in answers}) == 1
    assert await store.fetchval("SELECT count(*) FROM auth_sessions") == 2
    assert await store.fetchval("SELECT sum(merged_count) FROM outbox_events") == 1
    assert all(answer.data["user"]["lastLogin"] == "2026-03-04" for answer in answers)


async def test_F_A5_five_uses_of_one_code_open_one_session(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    answers = await asyncio.gather(
        *(visitor.enter_code(person.email, letter.code) for _ in range(5))
    )
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401, 401]


async def test_a_repeated_link_follows_the_rotation_of_its_session(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    first = await visitor.open_link(letter.token)
    again = await visitor.open_link(letter.token)
    assert again.sid == first.sid
    assert (await visitor.refresh()).status == 200
    assert (await visitor.ask("POST", "auth/logout")).status == 200
    assert (await visitor.open_link(letter.token)).status == 401


async def test_using_either_secret_of_a_mail_kills_the_other(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox
) -> None:
    by_code, by_link = await make_person(), await make_person()
    letter = await mailed(app, visitor, mailbox, by_code.email)
    assert (await visitor.enter_code(by_code.email, letter.code)).status == 200
    assert (await visitor.open_link(letter.token)).status == 401
    letter = await mailed(app, visitor, mailbox, by_link.email)
    assert (await visitor.open_link(letter.token.upper())).status == 200
    assert (await visitor.enter_code(by_link.email, letter.code)).status == 401


@pytest.mark.parametrize("token", ["x", "0" * 63, "g" * 64, "0" * 65, "%00", "' OR 1=1"])
async def test_links_that_are_none_get_the_one_text(
    visitor: Visitor, person: Person, token: str
) -> None:
    unknown = await visitor.open_link(new_token())
    answer = await visitor.open_link(token)
    assert (answer.status, answer.error) == (unknown.status, unknown.error)
    assert unknown.status == 401


@pytest.mark.parametrize("query", ["", "?token=", "?token=a&token=b"])
async def test_a_missing_or_repeated_token_is_a_bad_request(visitor: Visitor, query: str) -> None:
    assert (await visitor.ask("GET", f"auth/verify{query}")).status == 400


async def test_F_A3_blocked_people_are_told_so_only_after_a_right_secret(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, store: Database
) -> None:
    by_link, by_code = await make_person(), await make_person()
    link = await mailed(app, visitor, mailbox, by_link.email)
    code = await mailed(app, visitor, mailbox, by_code.email)
    await store.execute("UPDATE users SET status = 'disabled'")
    wrong = "100000" if code.code != "100000" else "100001"
    assert (await visitor.enter_code(by_code.email, wrong)).status == 401
    for answer in (
        await visitor.open_link(link.token),
        await visitor.enter_code(by_code.email, code.code),
    ):
        assert (answer.status, answer.cookie) == (403, None)
    assert await store.fetchval("SELECT count(*) FROM auth_sessions") == 2
    assert (await visitor.open_link(link.token)).status == 401


async def test_a_link_whose_person_is_gone_is_like_an_unknown_one(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, store: Database
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    await store.execute("DELETE FROM users")
    assert (await visitor.open_link(letter.token)).status == 401


async def test_F_A15_purposes_do_not_mix(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox
) -> None:
    person = await make_person(password_hash=None)
    await visitor.login(person.email)
    await settled(app)
    setup = letters(mailbox)[0]
    login = await mailed(app, visitor, mailbox, person.email)
    assert (await visitor.enter_code(person.email, setup.code)).status == 401
    mixed = await visitor.set_password(person.email, login.code, "Een-nieuw-wachtwoord")
    assert mixed.status == 401
    assert (await visitor.enter_code(person.email, login.code)).status == 200
    right = await visitor.set_password(person.email, setup.code, "Een-nieuw-wachtwoord")
    assert right.status == 200
