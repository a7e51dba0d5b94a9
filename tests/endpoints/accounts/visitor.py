"""Somebody in front of a browser: an address, a cookie, an access token, and what they ask."""

from typing import Any

import httpx
import jwt
from msgspec import Struct

from api._lib.app import App

HOME = "203.0.113.7"


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers

    @property
    def data(self) -> Any:
        """What a success carries."""
        assert self.body["success"] is True, self.body
        return self.body["data"]

    @property
    def error(self) -> str:
        """The sentence of a failure."""
        assert self.body["success"] is False, self.body
        return str(self.body["error"])

    @property
    def cookie(self) -> str | None:
        """The refresh token that was set, empty when it was cleared, None when untouched."""
        for header in self.headers.get_list("set-cookie"):
            name, _, rest = header.partition("=")
            assert name == "refreshToken", header
            return rest.partition(";")[0]
        return None

    @property
    def sid(self) -> str:
        """The session of the access token."""
        claims = jwt.decode(self.data["accessToken"], options={"verify_signature": False})
        return str(claims["sid"])


class Visitor:
    """Calls the application from one address and keeps what a browser would keep."""

    def __init__(self, client: httpx.AsyncClient, address: str = HOME, language: str = "") -> None:
        self._client = client
        self._headers = {"x-forwarded-for": address}
        if language:
            self._headers["accept-language"] = language
        self.cookie: str | None = None
        self.token: str | None = None

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Any request; the answer must be JSON."""
        headers = self._headers | options.pop("headers", {})
        if self.cookie:
            headers["cookie"] = f"refreshToken={self.cookie}"
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        response = await self._client.request(method, f"/api/{path}", headers=headers, **options)
        answer = Answer(response.status_code, response.json(), response.headers)
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        if answer.cookie is not None:
            self.cookie = answer.cookie or None
        data = answer.body.get("data")
        if isinstance(data, dict) and "accessToken" in data:
            self.token = data["accessToken"]

    async def login(self, email: str, password: str | None = None) -> Answer:
        """Either step of the login."""
        body = {"email": email} | ({} if password is None else {"password": password})
        return await self.ask("POST", "auth/login", json=body)

    async def request_link(self, email: str) -> Answer:
        """Ask for a login mail."""
        return await self.ask("POST", "auth/magic-link", json={"email": email})

    async def open_link(self, token: str) -> Answer:
        """Open the link of a mail."""
        return await self.ask("GET", "auth/verify", params={"token": token})

    async def enter_code(self, email: str, code: str) -> Answer:
        """Type the code of a mail."""
        return await self.ask("POST", "auth/verify-code", json={"email": email, "code": code})

    async def set_password(self, email: str, code: str, password: str) -> Answer:
        """Choose a first password."""
        body = {"email": email, "code": code, "password": password}
        return await self.ask("POST", "auth/set-password", json=body)

    async def change_password(self, password: str, **more: Any) -> Answer:
        """Change the own password."""
        body = {"password": password} | more
        return await self.ask("POST", "users/change-password", json=body)

    async def refresh(self) -> Answer:
        """Get new tokens."""
        return await self.ask("POST", "auth/refresh")

    async def me(self) -> Answer:
        """Who is signed in."""
        return await self.ask("GET", "auth/me")


async def settled(app: App) -> None:
    """Wait for what goes on after the answers."""
    assert app.resources is not None
    await app.resources.background.drain(20)
