"""The mailbox: what is sent arrives there, and it misbehaves on request."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tasks.dev.mailbox.server import MailboxServer
from tasks.dev.mailbox.smtp import Answer
from tests.ground.smtp import certificate


@pytest.fixture
async def mailbox() -> AsyncIterator[MailboxServer]:
    async with MailboxServer() as server:
        yield server


def letter(to: str = "Lotte@example.test", subject: str = "Eén vraag") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "app@example.test", to, subject
    message.set_content("Log in: http://127.0.0.1:3000/auth/verify?token=abc\n\n123456\n")
    message.add_alternative("<p>123456</p>", subtype="html")
    return message


async def send(mailbox: MailboxServer, message: EmailMessage) -> None:
    def conversation() -> None:
        with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=5) as client:
            client.send_message(message)

    await asyncio.to_thread(conversation)


async def test_a_mail_is_shown_as_json_to_whoever_asks_for_its_address(
    mailbox: MailboxServer,
) -> None:
    await send(mailbox, letter())
    await send(mailbox, letter("daan@example.test"))
    async with httpx.AsyncClient(base_url=mailbox.url) as client:
        found = (await client.get("/messages", params={"to": "lotte@EXAMPLE.test"})).json()
    assert [(mail["subject"], mail["to"]) for mail in found] == [
        ("Eén vraag", ["Lotte@example.test"])
    ]
    assert "123456" in found[0]["text"]
    assert found[0]["html"].strip() == "<p>123456</p>"
    assert found[0]["links"] == ["http://127.0.0.1:3000/auth/verify?token=abc"]


async def test_the_newest_mail_comes_first_and_the_box_can_be_emptied(
    mailbox: MailboxServer,
) -> None:
    for subject in ("first", "second"):
        await send(mailbox, letter(subject=subject))
    assert [mail.subject for mail in mailbox.messages()] == ["second", "first"]
    async with httpx.AsyncClient(base_url=mailbox.url) as client:
        assert (await client.delete("/messages")).json() == []
        assert (await client.get("/messages")).json() == []


async def test_the_page_is_served(mailbox: MailboxServer) -> None:
    async with httpx.AsyncClient(base_url=mailbox.url) as client:
        page = await client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>Mailbox</h1>" in page.text


async def test_it_refuses_recipients_when_told_to(mailbox: MailboxServer) -> None:
    mailbox.mood.answer = Answer.REFUSE
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await send(mailbox, letter())
    assert mailbox.messages() == []


async def test_it_fails_for_a_while_when_told_to(mailbox: MailboxServer) -> None:
    mailbox.mood.answer = Answer.FAIL
    with pytest.raises(smtplib.SMTPDataError):
        await send(mailbox, letter())
    mailbox.mood.answer = Answer.TAKE
    await send(mailbox, letter())
    assert len(mailbox.messages("lotte@example.test")) == 1


async def test_it_answers_later_than_the_client_waits_when_told_to(
    mailbox: MailboxServer,
) -> None:
    mailbox.mood.delay = 30

    def conversation() -> None:
        with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=0.2) as client:
            client.send_message(letter())

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        await asyncio.to_thread(conversation)


async def test_it_speaks_tls_with_a_given_certificate(tmp_path: Path) -> None:
    server, client = certificate(tmp_path)
    async with MailboxServer(tls=server) as mailbox:

        def conversation(context: ssl.SSLContext) -> None:
            port = mailbox.smtp_port
            with smtplib.SMTP_SSL("127.0.0.1", port, context=context, timeout=5) as connection:
                connection.send_message(letter())

        await asyncio.to_thread(conversation, client)
        assert len(mailbox.messages()) == 1
        with pytest.raises(ssl.SSLError):
            await asyncio.to_thread(conversation, ssl.create_default_context())
