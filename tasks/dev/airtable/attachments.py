"""Attachment cells: what a write may contain, signed links that expire, and the bytes behind."""

import hashlib
import hmac
import mimetypes
import secrets
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from tasks.dev.airtable.clock import OffsetClock
from tasks.dev.airtable.errors import bad_value, invalid
from tasks.dev.airtable.files import file_for
from tasks.dev.airtable.ids import new_id
from tasks.dev.airtable.schema import Field

LIFETIME_SECONDS: Final = 2 * 3600
SIZES: Final = {"small": 36, "large": 512, "full": 3000}


def accept_attachments(field: Field, value: Any, kept: list[dict[str, Any]]) -> list[Any]:
    """Return the stored form of an attachment cell; an `id` keeps a file, a `url` adds one."""
    if not isinstance(value, list):
        raise bad_value(field.name)
    return [_attachment(field, item, {a["id"]: a for a in kept}) for item in value]


def _attachment(field: Field, item: Any, kept: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise bad_value(field.name)
    if "id" in item and "url" not in item:
        if item["id"] not in kept:
            raise invalid("INVALID_ATTACHMENT_OBJECT", f"Unknown attachment {item['id']!r}")
        return kept[item["id"]]
    url = item.get("url")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        raise invalid("INVALID_ATTACHMENT_OBJECT", "Invalid attachment url")
    filename = str(item.get("filename") or unquote(PurePosixPath(urlsplit(url).path).name))
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    size = len(file_for(filename)[0])
    return {"id": new_id("att"), "filename": filename or "file", "size": size, "type": kind}


class Signer:
    """Makes and checks the links; every link differs and stops working after two hours."""

    def __init__(self, clock: OffsetClock, origin: str, secret: str) -> None:
        self.clock = clock
        self.origin = origin
        self.secret = hashlib.sha256(secret.encode()).digest()

    def describe(self, stored: dict[str, Any]) -> dict[str, Any]:
        """Return an attachment as the API shows it, with fresh links."""
        shown = {**stored, "url": self.url(stored, "file")}
        if not stored["type"].startswith("image/"):
            return shown
        thumbnails = {
            name: {"url": self.url(stored, name), "width": size, "height": size}
            for name, size in SIZES.items()
        }
        return {**shown, "width": 512, "height": 512, "thumbnails": thumbnails}

    def url(self, stored: dict[str, Any], variant: str) -> str:
        """Return a signed link to the file or to one of its thumbnails."""
        expires, nonce = int(self.clock.seconds()) + LIFETIME_SECONDS, secrets.token_hex(4)
        signature = self._sign(f"{stored['id']}/{variant}/{expires}/{nonce}")
        path = f"{stored['id']}/{variant}/{expires}/{nonce}/{signature}"
        return f"{self.origin}/attachments/{path}/{quote(stored['filename'])}"

    def valid(self, name: str, variant: str, expires: str, nonce: str, signature: str) -> bool:
        """Tell whether a link was made here and is still in time."""
        expected = self._sign(f"{name}/{variant}/{expires}/{nonce}")
        if not hmac.compare_digest(signature, expected):
            return False
        return int(expires) > self.clock.seconds()  # signed, so surely a number

    def _sign(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()[:32]
