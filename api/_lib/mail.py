"""Sending one mail, as HTML with a text part, to the SMTP server of the settings."""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from enum import Enum
from functools import cache

import aiosmtplib
from msgspec import Struct

from api._lib import metrics
from api._lib.settings import Settings

SENDER_NAME = "Mental Fitness"
logger = logging.getLogger(__name__)

# The standard library meets an address it cannot parse with any of these.
INVALID = (ValueError, MessageError, LookupError)
# The first kind that fits names the failure; a server's own words may hold addresses.
REASONS: Sequence[tuple[type[Exception] | tuple[type[Exception], ...], str]] = (
    (aiosmtplib.SMTPAuthenticationError, "credentials refused"),
    (aiosmtplib.SMTPRecipientsRefused, "recipient refused"),
    (aiosmtplib.SMTPSenderRefused, "sender refused"),
    (aiosmtplib.SMTPDataError, "message refused"),
    (TimeoutError, "the server is too slow"),
    (aiosmtplib.SMTPConnectError, "the server cannot be reached"),
    (ssl.SSLError, "no trusted TLS connection"),
    (ConnectionError, "connection lost"),
    (INVALID, "address or header not valid"),
)


class OutgoingMail(Struct, frozen=True):
    """A mail to one person."""

    to: str
    subject: str
    text: str
    html: str


class MailError(Exception):
    """The mail was not accepted; the text holds no address, credential or content."""


class Security(Enum):
    """When the connection is encrypted."""

    FROM_THE_START = "from the start"
    REQUIRED = "STARTTLS or nothing"
    WHEN_OFFERED = "STARTTLS when offered"


class Patience(Struct, frozen=True):
    """Seconds for one SMTP step, for a whole try, and between the tries: at most two minutes."""

    step: float = 10.0
    attempt: float = 30.0
    pauses: tuple[float, ...] = (5.0, 20.0)


def security_for(port: int, production: bool) -> Security:
    """How a mail server is spoken to, by its port."""
    if port == 465:
        return Security.FROM_THE_START
    return Security.REQUIRED if port == 587 and production else Security.WHEN_OFFERED


@cache
def _system_trust() -> ssl.SSLContext:
    """Reading all the certificates a system trusts takes 50 ms: once is enough."""
    return ssl.create_default_context()


class Mailer:
    """Hands mails to the SMTP server, one connection per mail."""

    def __init__(
        self,
        settings: Settings,
        *,
        security: Security | None = None,
        tls: ssl.SSLContext | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._sender = parseaddr(settings.smtp_from or settings.smtp_user or "")[1]
        self._security = security or security_for(settings.smtp_port, settings.production)
        self._tls = tls or _system_trust()
        self._patience = patience or Patience()

    @property
    def configured(self) -> bool:
        """Whether a server and a sender are known."""
        return bool(self._settings.smtp_server and self._sender)

    async def send(self, message: OutgoingMail) -> None:
        """Try once; raise MailError unless the server took the mail."""
        await self._transmit(self._compose(message))

    async def deliver(self, message: OutgoingMail) -> bool:
        """Try up to three times within two minutes and tell whether the server took the mail."""
        try:
            await self._persist(self._compose(message))
        except MailError as error:
            metrics.mails.labels("failed").inc()
            logger.error("mail given up", extra={"reason": str(error)})
            return False
        metrics.mails.labels("sent").inc()
        return True

    async def _persist(self, mime: EmailMessage) -> None:
        # One Message-ID for all tries lets mail programs drop a second copy.
        for pause in self._patience.pauses:
            try:
                return await self._transmit(mime)
            except MailError as error:
                logger.warning("mail not accepted", extra={"reason": str(error)})
                await asyncio.sleep(pause)
        return await self._transmit(mime)

    def _compose(self, message: OutgoingMail) -> EmailMessage:
        if not self.configured:
            raise MailError("no mail server configured")
        mime = EmailMessage()
        try:
            mime["From"] = Address(SENDER_NAME, addr_spec=self._sender)
            mime["To"] = Address(addr_spec=message.to)
            mime["Subject"] = message.subject
        except INVALID as error:
            raise MailError(_reason(error)) from None
        mime["Date"] = datetime.now(UTC)
        mime["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2])
        mime["Auto-Submitted"] = "auto-generated"
        mime.set_content(message.text, cte="quoted-printable")
        mime.add_alternative(message.html, subtype="html", cte="quoted-printable")
        return mime

    async def _transmit(self, mime: EmailMessage) -> None:
        client = self._client()
        try:
            async with asyncio.timeout(self._patience.attempt):
                await client.connect()
                await client.send_message(mime)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # Without the cause: its text may quote the recipient.
            raise MailError(_reason(error)) from None
        else:
            await self._say_goodbye(client)
        finally:
            client.close()

    async def _say_goodbye(self, client: aiosmtplib.SMTP) -> None:
        # The mail is accepted: whatever happens to QUIT must not send it again.
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=min(2.0, self._patience.step))

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._settings.smtp_server,
            port=self._settings.smtp_port,
            username=self._settings.smtp_user,
            password=self._settings.smtp_password if self._settings.smtp_user else None,
            timeout=self._patience.step,
            use_tls=self._security is Security.FROM_THE_START,
            start_tls={Security.REQUIRED: True, Security.FROM_THE_START: False}.get(self._security),
            tls_context=self._tls,
        )


def _reason(error: Exception) -> str:
    text = next((text for kind, text in REASONS if isinstance(error, kind)), "protocol error")
    refused = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
    code = getattr(refused, "code", None)
    return f"{text} ({code})" if isinstance(code, int) else text
