"""The mails that arrived, ready to be shown."""

import re
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count

from msgspec import Struct

LETTERS_KEPT = 500
LINK = re.compile(r"https?://[^\s<>\"']+")


class Letter(Struct, frozen=True, rename="camel"):
    """One mail as it was received."""

    id: int
    received_at: datetime
    sender: str
    to: Sequence[str]
    subject: str
    text: str
    html: str
    links: Sequence[str]


class Letters:
    """The latest mails, newest first."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque(maxlen=LETTERS_KEPT)
        self._ids = count(1)

    def add(self, sender: str, recipients: Sequence[str], content: bytes) -> Letter:
        """Keep a mail."""
        message = message_from_bytes(content, policy=default)
        text = _part(message, "plain")
        letter = Letter(
            id=next(self._ids),
            received_at=datetime.now(UTC),
            sender=sender,
            to=tuple(recipients),
            subject=str(message["Subject"] or ""),
            text=text,
            html=_part(message, "html"),
            links=tuple(dict.fromkeys(LINK.findall(text))),
        )
        self._letters.appendleft(letter)
        return letter

    def to(self, address: str = "") -> list[Letter]:
        """Mails to an address, upper and lower case alike; without one all of them."""
        wanted = address.strip().lower()
        return [
            letter
            for letter in self._letters
            if not wanted or wanted in (recipient.lower() for recipient in letter.to)
        ]

    def clear(self) -> None:
        """Throw all away."""
        self._letters.clear()


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""
