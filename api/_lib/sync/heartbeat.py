"""The file by which a worker shows that it lives; light, because a health check imports it."""

import json
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

OLDEST_SECONDS = 30.0
WORST_LAG_SECONDS = 5.0


def heartbeat_path(named: str | None) -> Path:
    """The file to use: the configured one, else one in the temporary folder."""
    return Path(named) if named else Path(tempfile.gettempdir()) / "mfa-worker-heartbeat.json"


def write_heartbeat(path: Path, lag: float, facts: Mapping[str, object]) -> None:
    """Say that this process lives and how late its event loop is, in seconds."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        new.write_text(json.dumps({**facts, "time": time.time(), "lag": lag}))
        new.replace(path)


def fault_of_heartbeat(path: Path) -> str | None:
    """Why the worker counts as dead, or nothing when it is well."""
    try:
        beat = json.loads(path.read_text())
        age, lag = time.time() - float(beat["time"]), float(beat["lag"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"no readable heartbeat in {path}"
    if age > OLDEST_SECONDS:
        return f"the last heartbeat is {age:.0f} seconds old"
    if lag > WORST_LAG_SECONDS:
        return f"the event loop is {lag:.0f} seconds late"
    return None
