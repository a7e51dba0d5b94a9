"""An SMTP server of the tests: real conversations over loopback, with TLS and credentials."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
ACCOUNT, PASSWORD = b"mailer@example.test", b"open sesame"


class Mailbox:
    """Takes mails; `refusals` are answered first, `delay` seconds late."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.sessions: list[Session] = []
        self.recipients: list[str] = []
        self.refusals: list[str] = []
        self.recipient_answer = "250 OK"
        self.delay = 0.0
        self.message_ids: list[str] = []
        self.port = 0

    async def handle_RCPT(
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:
        """Take or refuse a mail."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.message_ids.append(mail["Message-ID"])
        await asyncio.sleep(self.delay)
        if self.refusals:
            return self.refusals.pop(0)
        self.mails.append(mail)
        self.sessions.append(session)
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    @property
    def attempts(self) -> int:
        """How many bodies arrived, refused ones too."""
        return len(self.message_ids)

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Accept the one account there is."""
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (ACCOUNT, PASSWORD)
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def smtp_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    auth: bool = False,
) -> AsyncIterator[Mailbox]:
    """A server in this event loop, encrypted as told."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            mailbox,
            hostname="localhost",
            loop=loop,
            tls_context=starttls,
            auth_required=auth,
            auth_require_tls=False,
            authenticator=mailbox.authenticate if auth else None,
        )

    async with serving(protocol, tls) as port:
        mailbox.port = port
        yield mailbox


@asynccontextmanager
async def serving(
    protocol: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A listening protocol; yields its port."""
    server = await asyncio.get_running_loop().create_server(protocol, HOST, 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()


class Silent(asyncio.Protocol):
    """Accepts connections and never says a word."""


def certificate(folder: Path, name: str = HOST) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of a server with a certificate for `name` and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    client = ssl.create_default_context(cadata=certificate.public_bytes(Encoding.PEM).decode())
    return server, client
