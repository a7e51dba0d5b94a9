"""Mailbox in one piece: an SMTP server and a web server in one event loop."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Self

from aiosmtpd.smtp import SMTP

from tasks.dev.local_server import HOST, LocalServer
from tasks.dev.mailbox.letters import Letter, Letters
from tasks.dev.mailbox.smtp import Mood, Postman
from tasks.dev.mailbox.web import application


class MailboxServer:
    """A mail server on loopback that keeps what it gets; port 0 takes a free one.

    With `tls` it speaks TLS from the first byte, with `starttls` it offers the upgrade. What
    `mood` says decides whether it takes, refuses or fails, and how slowly.
    """

    def __init__(
        self,
        *,
        smtp_port: int = 0,
        web_port: int = 0,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
    ) -> None:
        self.smtp_port = smtp_port
        self.mood = Mood()
        self._letters = Letters()
        self._tls = tls
        self._starttls = starttls
        self._web = LocalServer(application(self._letters), web_port)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return self._web.url

    def messages(self, to: str = "") -> list[Letter]:
        """The mails to an address, newest first."""
        return self._letters.to(to)

    async def start(self) -> None:
        """Listen on both ports."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._protocol(loop), HOST, self.smtp_port, ssl=self._tls
        )
        self.smtp_port = self._server.sockets[0].getsockname()[1]
        await self._web.start()

    async def stop(self) -> None:
        """Close both ports."""
        if self._server:
            self._server.close()
        await self._web.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _protocol(self, loop: asyncio.AbstractEventLoop) -> Callable[[], SMTP]:
        postman = Postman(self._letters, self.mood)
        return lambda: SMTP(
            postman,
            hostname="localhost",
            enable_SMTPUTF8=True,
            tls_context=self._starttls,
            loop=loop,
        )
