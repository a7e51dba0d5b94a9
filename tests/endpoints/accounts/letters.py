"""The mails a person got, or asks for."""

import re
from email.message import EmailMessage

from msgspec import Struct

from api._lib.app import App
from tests.endpoints.accounts.visitor import Visitor, settled
from tests.ground.smtp import Mailbox

TOKEN = re.compile(r"/auth/verify\?token=([0-9a-f]{64})")
CODE = re.compile(r"^(\d{6})$", re.MULTILINE)


class Letter(Struct, frozen=True):
    """A mail with its two parts."""

    to: str
    subject: str
    text: str
    html: str

    @property
    def token(self) -> str:
        """The token of the link."""
        found = TOKEN.search(self.text)
        assert found is not None, self.text
        return found[1]

    @property
    def code(self) -> str:
        """The code, alone on its line."""
        found = CODE.search(self.text)
        assert found is not None, self.text
        return found[1]


def letters(mailbox: Mailbox) -> list[Letter]:
    """All mails, oldest first."""
    return [read(mail) for mail in mailbox.mails]


async def mailed(app: App, visitor: Visitor, mailbox: Mailbox, email: str) -> Letter:
    """Ask for a link and read the mail."""
    answer = await visitor.request_link(email)
    assert answer.status == 200
    await settled(app)
    return letters(mailbox)[-1]


def read(mail: EmailMessage) -> Letter:
    """A mail as its reader sees it."""
    return Letter(str(mail["To"]), str(mail["Subject"]), _part(mail, "plain"), _part(mail, "html"))


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
