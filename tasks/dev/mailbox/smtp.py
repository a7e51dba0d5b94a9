"""The SMTP side: takes mails, or misbehaves as told."""

import asyncio
from enum import Enum

from aiosmtpd.smtp import SMTP, Envelope, Session
from msgspec import Struct

from tasks.dev.mailbox.letters import Letters


class Answer(Enum):
    """What the server says to a mail."""

    TAKE = "250 taken"
    REFUSE = "550 no such mailbox here"
    FAIL = "451 try again later"


class Mood(Struct):
    """How the server behaves; change it while it runs."""

    answer: Answer = Answer.TAKE
    delay: float = 0.0
    """Seconds before it answers."""


class Postman:
    """Handler of aiosmtpd: refuses at the recipient, fails after the body."""

    def __init__(self, letters: Letters, mood: Mood) -> None:
        self._letters = letters
        self._mood = mood

    async def handle_RCPT(
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient unless told to refuse."""
        await asyncio.sleep(self._mood.delay)
        if self._mood.answer is Answer.REFUSE:
            return Answer.REFUSE.value
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail unless told to fail."""
        if self._mood.answer is Answer.TAKE:
            content = envelope.content or b""
            content = content.encode() if isinstance(content, str) else content
            self._letters.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return self._mood.answer.value
