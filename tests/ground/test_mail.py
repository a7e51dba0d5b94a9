"""Mails in real SMTP conversations."""

import asyncio
import logging
import ssl
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from api._lib.mail import Mailer, MailError, OutgoingMail, Patience, Security, security_for
from api._lib.settings import Settings
from tests.ground.smtp import (
    ACCOUNT,
    HOST,
    PASSWORD,
    Mailbox,
    Silent,
    certificate,
    serving,
    smtp_server,
)

LINK = "https://app.example.test/auth/verify?token=" + "0123456789abcdef" * 4
MAIL = OutgoingMail(
    to="lotte@example.test",
    subject="Je inloglink voor Mental Fitness – één klik",
    text=f"Hallo,\n\n{LINK}\n\n482913\n\nGeldig tot over een kwartier. Tot één ding tegelijk.\n",
    html=f'<p>Hallo,</p><p><a href="{LINK}">Inloggen</a></p><p>482913</p>',
)
# Credentials over an unencrypted loopback connection are what some of these tests want.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
QUICK = Patience(step=5, attempt=5, pauses=(0.0, 0.0))


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate(tmp_path)


def settings(port: int, **changes: object) -> Settings:
    given: dict[str, object] = {"smtp_from": "no-reply@app.example.test"} | changes
    return Settings(database_url="", smtp_server=HOST, smtp_port=port, **given)  # type: ignore[arg-type]  # checked by what the test sends


def with_account(port: int, password: bytes = PASSWORD) -> Settings:
    return settings(port, smtp_user=ACCOUNT.decode(), smtp_password=password.decode())


def encrypted(mailbox: Mailbox) -> bool:
    return mailbox.sessions[-1].ssl is not None


async def test_a_mail_arrives_with_its_headers_and_both_parts() -> None:
    async with smtp_server() as mailbox:
        await Mailer(settings(mailbox.port)).send(MAIL)
    mail = mailbox.mails[0]
    assert mail["From"] == "Mental Fitness <no-reply@app.example.test>"
    assert (mail["To"], mail["Subject"]) == (MAIL.to, MAIL.subject)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@app.example.test>")
    assert parsedate_to_datetime(mail["Date"]).tzinfo is not None
    assert mailbox.recipients == [MAIL.to]
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    assert parts["text/plain"].splitlines() == MAIL.text.splitlines()
    assert parts["text/html"].strip() == MAIL.html


async def test_the_account_is_the_sender_when_no_other_is_set() -> None:
    async with smtp_server(auth=True) as mailbox:
        account = {"smtp_user": ACCOUNT.decode(), "smtp_password": PASSWORD.decode()}
        await Mailer(settings(mailbox.port, smtp_from=None, **account)).send(MAIL)
    assert mailbox.mails[0]["From"] == "Mental Fitness <mailer@example.test>"


@pytest.mark.parametrize(
    ("port", "production", "expected"),
    [
        (465, False, Security.FROM_THE_START),
        (465, True, Security.FROM_THE_START),
        (587, True, Security.REQUIRED),
        (587, False, Security.WHEN_OFFERED),
        (25, True, Security.WHEN_OFFERED),
        (2525, False, Security.WHEN_OFFERED),
    ],
)
def test_the_port_decides_about_encryption(port: int, production: bool, expected: Security) -> None:
    assert security_for(port, production) is expected


async def test_starttls_is_used_when_offered(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with smtp_server(starttls=contexts[0], auth=True) as mailbox:
        await Mailer(with_account(mailbox.port), tls=contexts[1]).send(MAIL)
    assert encrypted(mailbox)
    assert mailbox.sessions[0].authenticated


async def test_a_plain_server_is_used_when_encryption_is_not_required() -> None:
    async with smtp_server() as mailbox:
        await Mailer(settings(mailbox.port)).send(MAIL)
    assert not encrypted(mailbox)


async def test_nothing_is_sent_in_clear_when_encryption_is_required() -> None:
    async with smtp_server() as mailbox:
        with pytest.raises(MailError):
            await Mailer(settings(mailbox.port), security=Security.REQUIRED).send(MAIL)
    assert mailbox.attempts == 0


async def test_port_465_speaks_tls_from_the_start(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with smtp_server(tls=contexts[0], auth=True) as mailbox:
        mailer = Mailer(
            with_account(mailbox.port), security=Security.FROM_THE_START, tls=contexts[1]
        )
        await mailer.send(MAIL)
    assert len(mailbox.mails) == 1
    assert mailbox.sessions[0].authenticated


@pytest.mark.parametrize("security", [Security.FROM_THE_START, Security.REQUIRED])
async def test_a_certificate_nobody_trusts_is_refused(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], security: Security
) -> None:
    from_start = security is Security.FROM_THE_START
    starttls, tls = (None, contexts[0]) if from_start else (contexts[0], None)
    async with smtp_server(starttls=starttls, tls=tls) as mailbox:
        with pytest.raises(MailError):
            await Mailer(settings(mailbox.port), security=security).send(MAIL)
    assert mailbox.attempts == 0


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, "mail.example.test")
    async with smtp_server(starttls=server) as mailbox:
        with pytest.raises(MailError):
            await Mailer(settings(mailbox.port), tls=client).send(MAIL)
    assert mailbox.attempts == 0


async def test_wrong_credentials_are_named_without_showing_them() -> None:
    async with smtp_server(auth=True) as mailbox:
        with pytest.raises(MailError) as caught:
            await Mailer(with_account(mailbox.port, b"guess")).send(MAIL)
    assert str(caught.value) == "credentials refused (535)"


async def test_a_refused_recipient_is_an_error_that_does_not_name_him() -> None:
    async with smtp_server() as mailbox:
        mailbox.recipient_answer = f"550 no such user {MAIL.to}"
        with pytest.raises(MailError) as caught:
            await Mailer(settings(mailbox.port)).send(MAIL)
    assert str(caught.value) == "recipient refused (550)"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_mail_refused_twice_is_delivered_at_the_third_try() -> None:
    async with smtp_server() as mailbox:
        mailbox.refusals = ["451 come back later", "554 not today"]
        assert await Mailer(settings(mailbox.port), patience=QUICK).deliver(MAIL)
    assert (mailbox.attempts, len(mailbox.mails)) == (3, 1)


async def test_a_mail_is_given_up_after_three_tries() -> None:
    async with smtp_server() as mailbox:
        mailbox.refusals = ["451 no"] * 9
        assert not await Mailer(settings(mailbox.port), patience=QUICK).deliver(MAIL)
    assert (mailbox.attempts, len(mailbox.mails)) == (3, 0)


def test_three_tries_fit_in_two_minutes() -> None:
    patience = Patience()
    assert patience.step == 10
    assert len(patience.pauses) == 2
    assert patience.attempt * 3 + sum(patience.pauses) <= 120


async def test_every_try_carries_the_same_message_id() -> None:
    async with smtp_server() as mailbox:
        mailbox.refusals = ["451 later"] * 2
        mailer = Mailer(settings(mailbox.port), patience=QUICK)
        await mailer.deliver(MAIL)
        await mailer.send(MAIL)
    *tries, other = mailbox.message_ids
    assert len(tries) == 3
    assert len({*tries}) == 1
    assert other not in tries


async def test_a_server_that_says_nothing_costs_one_step() -> None:
    async with serving(Silent) as port:
        mailer = Mailer(settings(port), patience=Patience(step=0.05))
        with pytest.raises(MailError, match="too slow"):
            await mailer.send(MAIL)


async def test_a_server_slow_after_the_data_costs_one_step() -> None:
    async with smtp_server() as mailbox:
        mailbox.delay = 1
        mailer = Mailer(settings(mailbox.port), patience=Patience(step=0.1))
        with pytest.raises(MailError, match="too slow"):
            await mailer.send(MAIL)
    assert mailbox.attempts == 1


async def test_a_try_has_a_limit_of_its_own() -> None:
    async with smtp_server() as mailbox:
        mailbox.delay = 1
        mailer = Mailer(settings(mailbox.port), patience=Patience(step=10, attempt=0.1))
        with pytest.raises(MailError, match="too slow"):
            await mailer.send(MAIL)


async def test_a_missing_server_is_an_error_not_a_crash() -> None:
    async with serving(Silent) as port:
        pass
    mailer = Mailer(settings(port), patience=QUICK)
    with pytest.raises(MailError, match="cannot be reached"):
        await mailer.send(MAIL)
    assert not await mailer.deliver(MAIL)


async def test_an_accepted_mail_is_not_sent_again_when_the_goodbye_fails() -> None:
    conversation = Rude()
    async with serving(lambda: conversation) as port:
        assert await Mailer(settings(port), patience=QUICK).deliver(MAIL)
    assert conversation.bodies == 1


class Rude(asyncio.Protocol):
    """An SMTP server that hangs up instead of answering QUIT."""

    bodies = 0
    in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 hello\r\n")

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"QUIT"):
            return self.transport.close()
        if data.startswith(b"DATA"):
            self.in_body = True
            return self.transport.write(b"354 go on\r\n")
        if not self.in_body or data.endswith(b"\r\n.\r\n"):
            self.bodies += self.in_body
            self.in_body = False
            self.transport.write(b"250 fine\r\n")
        return None


async def test_without_a_server_nothing_is_tried() -> None:
    mailer = Mailer(Settings(database_url=""))
    assert not mailer.configured
    with pytest.raises(MailError, match="no mail server"):
        await mailer.send(MAIL)
    assert not await mailer.deliver(MAIL)


@pytest.mark.parametrize(
    "to",
    [
        "lotte@example.test, eve@example.test",
        "lotte@example.test\r\nBcc: eve@example.test",
        "<lotte@example.test>",
        "",
        "no address",
    ],
)
async def test_an_address_that_is_more_than_one_address_is_refused(to: str) -> None:
    async with smtp_server() as mailbox:
        mail = OutgoingMail(to=to, subject="x", text="x", html="x")
        assert not await Mailer(settings(mailbox.port), patience=QUICK).deliver(mail)
    assert mailbox.attempts == 0


async def test_a_line_end_in_the_subject_is_refused() -> None:
    async with smtp_server() as mailbox:
        mail = OutgoingMail(to=MAIL.to, subject="x\nBcc: eve@example.test", text="x", html="x")
        assert not await Mailer(settings(mailbox.port)).deliver(mail)
    assert mailbox.attempts == 0


async def test_logs_hold_no_address_code_link_or_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with smtp_server() as mailbox:
        mailbox.refusals = [f"451 {MAIL.to} 482913 {LINK}"] * 3
        await Mailer(settings(mailbox.port), patience=QUICK).deliver(MAIL)
    ours = [vars(record) for record in caplog.records if record.name.startswith("api.")]
    assert len(ours) == 3
    for secret in (MAIL.to, "482913", LINK, PASSWORD.decode()):
        assert secret not in str(ours)
