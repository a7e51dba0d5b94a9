"""Who is calling, for limits that count per address."""

from ipaddress import IPv6Network, ip_address

from api._lib.settings import Network


def caller(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> str | None:
    """The last address no trusted proxy has; None when that cannot be known.

    `forwarded` is the header X-Forwarded-For. Of IPv6 the network is told, as whoever has one
    address has as many as they like.
    """
    peer = _plain(peer)
    if not _is_within(peer, trusted):
        return _line_of(peer) or None
    for entry in reversed([_plain(part.strip()) for part in forwarded.split(",") if part.strip()]):
        if not _is_within(entry, trusted):
            return _line_of(entry) if _is_address(entry) else None
    return None


def _plain(text: str) -> str:
    """An IPv4 address as such, also where it came by a socket that takes IPv6 too."""
    return text.removeprefix("::ffff:") if "." in text else text


def _line_of(text: str) -> str:
    if not _is_address(text) or (address := ip_address(text)).version == 4:
        return text
    return str(IPv6Network((int(address), 64), strict=False))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_within(text: str, networks: tuple[Network, ...]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)
