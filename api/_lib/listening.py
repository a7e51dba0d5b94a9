"""How a listening socket ends without resetting those who have just connected."""

import socket
from contextlib import suppress

SO_BINDTOIFINDEX = 62
"""What Linux calls it; Python's socket module has no name for it."""
NO_INTERFACE = 2**31 - 1
"""A number that no network interface has."""


def refuse_new(listening: socket.socket) -> None:
    """Refuse who connects from now on; who is in, or half in, already stays.

    Closing resets whoever is in and not accepted yet. With nobody new coming in, all can be
    accepted before the close. Here the socket goes on listening, but where nobody comes from.
    """
    # Only Linux from 5.7 on lets a program without privileges do that.
    with suppress(OSError):
        listening.setsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX, NO_INTERFACE)


def accept_all(listening: socket.socket) -> list[socket.socket]:
    """Everybody who is in and not accepted yet."""
    listening.setblocking(False)
    accepted = []
    while True:
        try:
            accepted.append(listening.accept()[0])
        except OSError:
            return accepted
