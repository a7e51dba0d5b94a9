"""Whether the addresses among the settings can be used: a slip is best found at the start."""

import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

POSTGRES = frozenset({"postgres", "postgresql"})
WEB = frozenset({"http", "https"})
SCHEMES = {
    "database_url": POSTGRES,
    "database_direct_url": POSTGRES,
    "redis_url": frozenset({"redis", "rediss", "unix"}),
    "app_url": WEB,
    "airtable_endpoint_url": WEB,
    "airtable_webhook_url": WEB,
    "openai_base_url": WEB,
}


def unusable(values: Mapping[str, Any]) -> list[str]:
    """Names of the settings whose address or file of certificates nobody can use."""
    wrong = [
        name
        for name, schemes in SCHEMES.items()
        if values.get(name) and not is_address(values[name], schemes)
    ]
    if (sender := values.get("smtp_from")) and not is_mailbox(sender):
        wrong.append("smtp_from")
    if (file := values.get("pgsslrootcert")) and not _holds_certificates(file):
        wrong.append("pgsslrootcert")
    return wrong


def is_address(text: str, schemes: frozenset[str]) -> bool:
    """Whether a text has one of the schemes, numbers for ports, and a host where the web needs one.

    None has a fragment: a `#` belongs to a password then, and has to be written as `%23`.
    """
    try:
        parts = urlsplit(text)
        for host in parts.netloc.rpartition("@")[2].split(","):
            _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    has_host = bool(parts.hostname) or schemes is not WEB
    return parts.scheme in schemes and has_host and "#" not in text


def is_mailbox(text: str) -> bool:
    """Whether mail can come from here: an e-mail address, with or without a name before it."""
    address = parseaddr(text)[1]
    try:
        return bool(Address(addr_spec=address).domain)
    except (ValueError, LookupError, MessageError):
        return False


def _holds_certificates(path: str) -> bool:
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        return False
    return True
