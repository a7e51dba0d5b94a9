"""Ports on loopback."""

import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def taken(port: int) -> bool:
    """Whether somebody uses the port, on loopback or on every address."""
    for address in (HOST, "0.0.0.0"):
        with socket.socket() as probe:
            # Connections that just closed must not make the port look taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return True
    return False
