"""Asking for a login mail: who gets one, in which language, how often, and when sending fails."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from msgspec import structs

from api._lib.accounts import links, sending
from api._lib.accounts.codes import Purpose
from api._lib.accounts.store import people
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.context import Context
from api._lib.db import Database
from api._lib.mail import Mailer, Patience
from tests.endpoints.accounts.letters import letters, mailed
from tests.endpoints.accounts.visitor import Visitor, settled
from tests.endpoints.conftest import MakePerson
from tests.ground.smtp import Mailbox
from tests.people import Person


async def test_a_known_person_gets_a_mail_with_link_and_code(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    assert letter.to == person.email
    assert f"\n\nhttps://mfa.test/auth/verify?token={letter.token}\n\n" in letter.text
    assert f'href="https://mfa.test/auth/verify?token={letter.token}"' in letter.html
    assert letter.code in letter.html
    assert "15 minuten" in letter.text
    assert mailbox.mails[0]["Auto-Submitted"] == "auto-generated"
    assert mailbox.mails[0]["From"] == "Mental Fitness <no-reply@mfa.test>"


async def test_nobody_and_blocked_people_get_the_same_answer_and_no_mail(
    app: App, visitor: Visitor, make_person: MakePerson, person: Person, mailbox: Mailbox
) -> None:
    blocked = await make_person(status="disabled")
    deleted = await make_person(status="deleted")
    known = await visitor.request_link(person.email)
    for email in ("nobody@voorbeeld.test", blocked.email, deleted.email):
        answer = await visitor.request_link(email)
        assert (answer.status, answer.body) == (known.status, known.body)
    await settled(app)
    assert [letter.to for letter in letters(mailbox)] == [person.email]


@pytest.mark.parametrize(
    ("own", "browser", "word"),
    [("fr", "en", "connexion"), (None, "en-GB,nl;q=0.5", "login link"), (None, "", "aanmeldlink")],
)
async def test_the_mail_speaks_the_persons_language_else_the_browsers_else_dutch(
    app: App,
    client: httpx.AsyncClient,
    make_person: MakePerson,
    mailbox: Mailbox,
    own: str | None,
    browser: str,
    word: str,
) -> None:
    person = await make_person(language=own)
    letter = await mailed(app, Visitor(client, language=browser), mailbox, person.email)
    assert word in letter.subject


async def test_example_6_the_cooldown_of_two_minutes(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, clock: ManualClock
) -> None:
    person = await make_person(password_hash=None)
    await visitor.login(person.email)
    old = await mailed(app, visitor, mailbox, person.email)
    clock.advance(timedelta(seconds=119))
    await visitor.request_link(person.email)
    await settled(app)
    assert len(letters(mailbox)) == 2
    clock.advance(timedelta(seconds=2))
    new = await mailed(app, visitor, mailbox, person.email)
    assert len(letters(mailbox)) == 3
    assert (await visitor.open_link(old.token)).status == 401
    assert (await visitor.open_link(new.token)).status == 200


async def test_the_link_of_a_mail_inside_the_cooldown_stays_good(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, clock: ManualClock
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    clock.advance(timedelta(seconds=119))
    await visitor.request_link(person.email)
    assert (await visitor.open_link(letter.token)).status == 200


async def test_five_mails_an_hour_and_no_more(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, clock: ManualClock
) -> None:
    for _ in range(8):
        await visitor.request_link(person.email)
        clock.advance(timedelta(minutes=5))
    await settled(app)
    assert len(letters(mailbox)) == 5
    clock.advance(timedelta(minutes=21))
    await mailed(app, visitor, mailbox, person.email)
    assert len(letters(mailbox)) == 6


async def test_parallel_requests_send_one_mail(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, store: Database
) -> None:
    answers = await asyncio.gather(*(visitor.request_link(person.email) for _ in range(10)))
    await settled(app)
    assert {answer.status for answer in answers} == {200}
    assert len(letters(mailbox)) == 1
    assert await store.fetchval("SELECT count(*) FROM login_codes") == 1


async def test_issuing_replaces_only_the_unused_row_of_the_same_purpose(
    app: App, make_person: MakePerson, store: Database, clock: ManualClock
) -> None:
    assert app.resources is not None
    person = await make_person(password_hash=None)
    account = await people.account_by_id(store, person.id)
    for purpose in (Purpose.LOGIN, Purpose.SETUP, Purpose.LOGIN):
        assert await sending.issue(Context(app.resources), account, purpose) is not None
        clock.advance(timedelta(minutes=3))
    rows = await store.fetch("SELECT purpose, consumed_at IS NULL AS open FROM login_codes")
    assert sorted(tuple(row) for row in rows) == [
        ("login", False),
        ("login", True),
        ("setup", True),
    ]


async def test_the_answer_does_not_wait_for_the_mail(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, store: Database
) -> None:
    mailbox.delay = 0.5
    answer = await visitor.request_link(person.email)
    assert (answer.status, mailbox.attempts) == (200, 0)
    assert await store.fetchval("SELECT count(*) FROM login_codes") == 1
    await settled(app)
    assert len(letters(mailbox)) == 1


async def test_a_mail_that_fails_three_times_leaves_no_code_behind(
    app: App, person: Person, mailbox: Mailbox, store: Database, clock: ManualClock
) -> None:
    """So the next request sends at once."""
    assert app.resources is not None
    hasty = Mailer(app.settings, patience=Patience(pauses=(0.0, 0.0)))
    ctx = Context(structs.replace(app.resources, mail=hasty))
    mailbox.refusals = ["451 later"] * 3
    await links.request_link(ctx, person.email)
    await settled(app)
    assert (mailbox.attempts, len(mailbox.mails)) == (3, 0)
    assert await store.fetchval("SELECT count(*) FROM login_codes") == 0
    await links.request_link(ctx, person.email)
    await settled(app)
    assert len(mailbox.mails) == 1
