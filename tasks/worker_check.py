"""Health check of a worker's container: exits 0 while its heartbeat is fresh, else 1."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from api._lib.sync.heartbeat import fault_of_heartbeat, heartbeat_path


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong, if anything is."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    fault = fault_of_heartbeat(heartbeat_path(os.environ.get("WORKER_HEARTBEAT_FILE")))
    if fault:
        print(fault, file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
