"""A psql that stays: what is asked after every test must not cost a process and a session."""

import subprocess

from tasks.dev.child import ChildError
from tasks.dev.services import Postgres

END = "-- end --"


class Console:
    """One open session of psql."""

    def __init__(self, server: Postgres, database: str) -> None:
        command, environ = server.psql(database)
        self._process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *statements: str) -> str:
        """Run SQL; the rows as text. A statement that fails ends the session."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("".join(f"{one};\n" for one in statements))
            self._process.stdin.write(f"\\echo {END}\n")
            self._process.stdin.flush()
        except OSError as error:
            raise ChildError("psql has ended") from error
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        lines: list[str] = []
        for line in self._process.stdout:
            if line.strip() == END:
                return "\n".join(lines)
            lines.append(line.rstrip("\n"))
        raise ChildError(f"psql failed: {' | '.join(lines)}")

    def close(self) -> None:
        """End the session."""
        self._process.kill()
        self._process.communicate()
