"""Logging in by mail: asking for a link, opening it, typing its code."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from msgspec import structs

from api._lib.accounts import links, sending
from api._lib.accounts.codes import Purpose, new_token
from api._lib.accounts.store import people
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.context import Context
from api._lib.db import Database
from api._lib.mail import Mailer, Patience
from tests.endpoints.accounts.letters import Letter, letters
from tests.endpoints.accounts.visitor import Answer, Visitor, settled
from tests.endpoints.conftest import MakePerson
from tests.ground.smtp import Mailbox
from tests.people import Person


async def mailed(app: App, visitor: Visitor, mailbox: Mailbox, email: str) -> Letter:
    """Ask for a link and read the mail."""
    answer = await visitor.request_link(email)
    assert answer.status == 200
    await settled(app)
    return letters(mailbox)[-1]


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


async def test_example_5_F_A4_of_300_guesses_from_everywhere_five_are_evaluated(
    app: App,
    client: httpx.AsyncClient,
    visitor: Visitor,
    person: Person,
    mailbox: Mailbox,
    store: Database,
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    guesses = [f"{n:06d}" for n in range(100_000, 100_301) if f"{n:06d}" != letter.code][:300]
    strangers = [Visitor(client, f"198.51.100.{n % 200}") for n in range(300)]
    answers = await asyncio.gather(
        *(s.enter_code(person.email, guess) for s, guess in zip(strangers, guesses, strict=True))
    )
    assert {answer.status for answer in answers} == {401, 429}
    assert await store.fetchval("SELECT failed_attempts FROM login_codes") <= 5
    limited = next(answer for answer in answers if answer.status == 429)
    assert "15" in limited.error
    assert (await visitor.enter_code(person.email, letter.code)).status == 429
    assert (await visitor.open_link(letter.token)).status == 200


class TestWithoutRateLimits:
    """What the row of the code guarantees by itself."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {"RATE_LIMIT_FACTOR": "0"}

    async def test_F_A4_of_300_parallel_guesses_five_are_evaluated(
        self, app: App, visitor: Visitor, person: Person, mailbox: Mailbox, store: Database
    ) -> None:
        letter = await mailed(app, visitor, mailbox, person.email)
        wrong = "100000" if letter.code != "100000" else "100001"
        answers = await asyncio.gather(
            *(visitor.enter_code(person.email, wrong) for _ in range(300))
        )
        assert {answer.status for answer in answers} == {401}
        assert await store.fetchval("SELECT failed_attempts FROM login_codes") == 5
        assert (await visitor.enter_code(person.email, letter.code)).status == 401
        assert (await visitor.open_link(letter.token)).status == 200


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


async def test_the_answer_does_not_wait_for_the_mail(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox, store: Database
) -> None:
    mailbox.delay = 0.5
    answer = await visitor.request_link(person.email)
    assert (answer.status, mailbox.attempts) == (200, 0)
    assert await store.fetchval("SELECT count(*) FROM login_codes") == 1
    await settled(app)
    assert len(letters(mailbox)) == 1


async def test_F_A10_known_and_unknown_addresses_cause_the_same_statements(
    app: App, visitor: Visitor, person: Person, statements: list[str]
) -> None:
    async def caused(call: Callable[[str], Awaitable[Answer]], email: str) -> list[str]:
        statements.clear()
        await call(email)
        await settled(app)
        # The note about the call to Airtable is taken after the answer.
        return [sql for sql in statements if "sync_gates" not in sql]

    async def guess(email: str) -> Answer:
        return await visitor.enter_code(email, "123456")

    for call in (visitor.request_link, guess):
        assert await caused(call, person.email) == await caused(call, "nobody@voorbeeld.test")


async def test_neither_tokens_nor_codes_nor_addresses_are_logged_or_stored(
    app: App,
    visitor: Visitor,
    person: Person,
    mailbox: Mailbox,
    store: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "api")
    letter = await mailed(app, visitor, mailbox, person.email)
    await visitor.open_link(letter.token)
    await visitor.enter_code(person.email, letter.code)
    logged = "\n".join(str(record.__dict__) for record in caplog.records)
    row = str(await store.fetchrow("SELECT * FROM login_codes"))
    for secret in (letter.token, letter.code, person.email):
        assert secret not in logged
        assert secret not in row


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
