"""Structured logs: one JSON object per line, without personal data."""

import hashlib
import hmac
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

SHORT_NAMES = ("postgres", "redis")
request_id: ContextVar[str] = ContextVar("request_id")
"""The request that is being served; every line that it causes carries it."""
# What no line repeats; uvicorn says its messages a second time, for terminals.
STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


class JsonFormatter(logging.Formatter):
    """Writes a record and its `extra` fields as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, always valid JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if served := request_id.get(None):
            line["request_id"] = served
        line |= {key: value for key, value in record.__dict__.items() if key not in STANDARD}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def configure(level: str) -> None:
    """Send all logs of the process to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "openai", "uvicorn.access", "aiosmtplib", "urllib3", "saq"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def server_facts(url: str | None) -> dict[str, str]:
    """What a log line may say of a server that cannot be reached: its host, never its password."""
    host = urlsplit(url or "").hostname or "localhost"
    if host not in SHORT_NAMES:
        return {"host": host}
    return {"host": host, "hint": f"in a stack the host carries its name: mfa_{host}"}


def pseudonym(secret: str, text: str) -> str:
    """A keyed hash that stands for an e-mail address in the logs."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]
