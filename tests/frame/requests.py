"""Contexts of requests that never travelled."""

from typing import Any, cast

from api._lib.context import Context, Resources
from api._lib.settings import Settings


class Bare:
    """Resources of which a test needs the settings only."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __getattr__(self, name: str) -> None:
        return None


def request_from(settings: Settings, peer: str, forwarded: str) -> Context:
    """The context of a request that came from a peer with a forwarding header."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope: dict[str, Any] = {"type": "http", "client": (peer, 1), "headers": headers}
    return Context(cast(Resources, Bare(settings)), scope)
