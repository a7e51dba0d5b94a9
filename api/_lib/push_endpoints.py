"""Which addresses a push may be sent to: anyone may hand us one, so none is trusted (F4)."""

import asyncio
import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

PUSH_SERVICES = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
ANY = "*"
MAX_LENGTH = 2048
# What a URL may consist of; anything else is read differently by different programs.
URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?\[\]!$&'()*+,;=%]+", re.IGNORECASE)
HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
LOOKUP_LIMIT, CONNECT_LIMIT = 1.0, 5.0

PUBLIC_IPV6 = IPv6Network("2000::/3")
TRANSLATED_IPV6 = IPv6Network("64:ff9b::/96")


class EndpointRefused(ValueError):
    """The endpoint is not one of a push service; the text says why, without quoting it."""


class AddressRefused(OSError):
    """A host name leads into a private network."""


class EndpointRules:
    """The allow-list: the known push services, and what an operator adds."""

    def __init__(self, more_hosts: Iterable[str] = ()) -> None:
        patterns = {_ascii(pattern) for pattern in (*PUSH_SERVICES, *more_hosts)}
        self.anything = ANY in patterns
        self.hosts = frozenset(name for name in patterns if "*" not in name)
        self._suffixes = tuple(name[1:] for name in patterns if name.startswith("*."))

    def check(self, endpoint: str) -> None:
        """Raise EndpointRefused unless this is the address of an allowed push service."""
        parts = _parts(endpoint)
        if self.anything:
            return
        if parts.scheme != "https" or parts.port not in (None, 443):
            raise EndpointRefused("must use https on its usual port")
        host = parts.hostname or ""
        # An IPv6 address may end in any name: [2001:db8::1%.push.apple.com].
        if not HOST.fullmatch(host):
            raise EndpointRefused("is not the name of a host")
        if host not in self.hosts and not host.endswith(self._suffixes):
            raise EndpointRefused("is not the address of a known push service")
        if not may_be_public(host):
            raise EndpointRefused("leads into a private network")

    async def verify(self, endpoint: str) -> None:
        """Check, and refuse a name that is known to lead into a private network.

        A name that cannot be resolved now passes: sending looks again.
        """
        self.check(endpoint)
        if self.anything:
            return
        if not all(map(may_be_public, await _addresses(urlsplit(endpoint).hostname or ""))):
            raise EndpointRefused("leads into a private network")


async def unreachable(hosts: Iterable[str], port: int = 443) -> list[str]:
    """Those of some hosts that cannot be connected to."""
    return [host for host in sorted(hosts) if not await _is_reachable(host, port)]


async def _is_reachable(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, UnicodeError):
        return False
    writer.close()
    return True


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the internet, also one that carries an IPv4 address."""
    if isinstance(address, IPv6Address):
        inner = _carried(address)
        return is_public(inner) if inner else address in PUBLIC_IPV6 and address.is_global
    return address.is_global and not address.is_multicast


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in TRANSLATED_IPV6:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def may_be_public(host: str) -> bool:
    """Whether a host is no private address; a name may be public."""
    try:
        return is_public(ip_address(host.partition("%")[0]))
    except ValueError:
        return True


def _parts(endpoint: str) -> SplitResult:
    if len(endpoint) > MAX_LENGTH or not URL.fullmatch(endpoint):
        raise EndpointRefused("is not an https address")
    try:
        parts = urlsplit(endpoint)
        known = parts.hostname and parts.port != 0
    except ValueError:
        raise EndpointRefused("is not an https address") from None
    if not known:
        raise EndpointRefused("is not an https address")
    return parts


async def _addresses(host: str) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LOOKUP_LIMIT):
            found = await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]


def _ascii(pattern: str) -> str:
    """A host pattern as it appears in URLs: lower case, without letters outside ASCII."""
    name = pattern.strip().lower()
    if name == ANY:
        return name
    try:
        suffix = name.removeprefix("*.").encode("idna").decode()
    except UnicodeError:
        suffix = ""
    if not HOST.fullmatch(suffix):
        raise ValueError("a pattern is no host name")
    return f"*.{suffix}" if name.startswith("*.") else suffix
