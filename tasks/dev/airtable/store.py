"""Keeps the base in one SQLite file so that it survives a restart."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

Document = tuple[str, str, bytes | None]

CREATE: Final = """
    CREATE TABLE IF NOT EXISTS document (
        kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)
    )
"""


class Store:
    """Documents by kind and key; a body of None removes one."""

    def __init__(self, path: str) -> None:
        self.path = path
        if self.lasting:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute(CREATE)

    @property
    def lasting(self) -> bool:
        """Whether anything written here outlives the process."""
        return self.path != ":memory:"

    def write(self, documents: Iterable[Document]) -> None:
        """Write documents in one transaction; in memory there is nothing to keep."""
        if not self.lasting:
            return
        with self.connection:
            self.connection.execute("BEGIN")
            for kind, key, body in documents:
                self._write_one(kind, key, body)

    def read(self, kind: str) -> list[tuple[str, bytes]]:
        """Return all documents of a kind in the order they were first written."""
        rows = self.connection.execute(
            "SELECT key, body FROM document WHERE kind = ? ORDER BY rowid", (kind,)
        )
        return [(str(key), bytes(body)) for key, body in rows]

    def clear(self) -> None:
        """Forget everything."""
        self.connection.execute("DELETE FROM document")

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _write_one(self, kind: str, key: str, body: bytes | None) -> None:
        if body is None:
            self.connection.execute("DELETE FROM document WHERE kind = ? AND key = ?", (kind, key))
            return
        self.connection.execute(
            "INSERT INTO document VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, body),
        )
