"""Ending a listening socket."""

import socket
import sys

import pytest

from api._lib.listening import accept_all, refuse_new

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere those who come at the very end may be reset"
)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # the second as in a container
def test_F_H16_who_comes_while_the_socket_ends_is_refused_and_who_is_in_stays(host: str) -> None:
    with socket.create_server((host, 0)) as listening:
        address = ("127.0.0.1", listening.getsockname()[1])
        early = socket.create_connection(address, timeout=5)
        refuse_new(listening)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        (accepted,) = accept_all(listening)
    with early, accepted:
        assert_hears(early, accepted)
        assert_hears(accepted, early)


def assert_hears(speaker: socket.socket, listener: socket.socket) -> None:
    """What one sends reaches the other."""
    listener.settimeout(5)
    speaker.sendall(b"hello")
    assert listener.recv(5) == b"hello"
