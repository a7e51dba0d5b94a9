"""Wakes the listeners: a thread that posts a signed ping and tries again when refused."""

import base64
import hashlib
import hmac
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final

import msgspec

RETRIES: Final = 5


class Ping(msgspec.Struct):
    """One call to make: where, the body and the key that signs it."""

    hook_id: str
    url: str
    body: bytes
    secret: str


class PingResult(msgspec.Struct):
    """How a call went; `status` 0 when nobody answered."""

    hook_id: str
    status: int
    seconds: float
    attempt: int


def signature(secret: str, body: bytes) -> str:
    """Return the value of the header X-Airtable-Content-MAC."""
    digest = hmac.new(base64.b64decode(secret), body, hashlib.sha256).hexdigest()
    return f"hmac-sha256={digest}"


class Pinger:
    """Posts the pings of all webhooks, one after the other, bursts as one."""

    def __init__(
        self, make: Callable[[str], Ping | None], note: Callable[[PingResult], None]
    ) -> None:
        self._make = make
        self._note = note
        self._due: dict[str, tuple[float, int]] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="airtable-pings", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop and wait for a call under way."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout=10)

    def wake(self, hook_ids: set[str]) -> None:
        """Ask for a ping to each of these webhooks."""
        with self._changed:
            self._due |= dict.fromkeys(hook_ids, (time.monotonic(), 0))
            self._changed.notify()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            hook_id, attempt = job
            ping = self._make(hook_id)
            if ping is not None:
                self._deliver(ping, attempt)

    def _next(self) -> tuple[str, int] | None:
        with self._changed:
            while not self._stopping:
                hook_id = min(self._due, key=lambda key: self._due[key][0], default=None)
                wait = self._due[hook_id][0] - time.monotonic() if hook_id else None
                if hook_id and wait is not None and wait <= 0:
                    return hook_id, self._due.pop(hook_id)[1]
                self._changed.wait(wait)
            return None

    def _deliver(self, ping: Ping, attempt: int) -> None:
        started = time.monotonic()
        status = _post(ping)
        self._note(PingResult(ping.hook_id, status, time.monotonic() - started, attempt))
        if not 200 <= status < 300 and attempt < RETRIES:
            with self._changed:
                again = (time.monotonic() + 2.0**attempt, attempt + 1)
                self._due.setdefault(ping.hook_id, again)


def _post(ping: Ping) -> int:
    request = urllib.request.Request(  # noqa: S310  # the scheme was checked on creation
        ping.url,
        data=ping.body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "X-Airtable-Content-MAC": signature(ping.secret, ping.body),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return 0
