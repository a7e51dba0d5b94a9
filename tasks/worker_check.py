"""Health check of a worker's container: exits 0 while its heartbeat is fresh, else 1."""

import os
import sys
from pathlib import Path

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from api._lib.sync.heartbeat import fault_of_heartbeat, heartbeat_path


def main() -> int:
    """Print what is wrong, if anything is."""
    fault = fault_of_heartbeat(heartbeat_path(os.environ.get("WORKER_HEARTBEAT_FILE")))
    if fault:
        print(fault, file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
