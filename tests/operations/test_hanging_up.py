"""Clients that hang up while they are answered are no fault of the server."""

import os
import socket
import struct
import time

from tasks.dev.probe import healthy
from tasks.dev.services import HOST
from tests.operations.load import Request
from tests.operations.serving import ServerProcess

AT_ONCE = struct.pack("ii", 1, 0)
MANY = Request("GET", "/api/openapi.json").encoded(HOST) * 200
STILL_SECONDS = 0.2


def wait_until_still(lines: list[str]) -> None:
    """Until no request ends any more, because the answers fill all buffers on the way."""
    seen = -1
    while seen < len(lines):
        seen = len(lines)
        time.sleep(STILL_SECONDS)


def test_answers_that_nobody_takes_leave_no_errors_in_the_log(environ: dict[str, str]) -> None:
    lines: list[str] = []
    with ServerProcess(os.environ | environ, log=lines.append) as server:
        for linger in (False, True):
            with socket.create_connection((HOST, server.port)) as client:
                if linger:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                client.sendall(MANY)
                assert client.recv(1)
                wait_until_still(lines)
        assert healthy(server.url)
        server.child.stop(20)
    assert not [line for line in lines if '"level":"error"' in line]
