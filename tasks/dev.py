"""Runs the whole product on this machine; `--help` lists what it can do."""

import runpy
import sys
from pathlib import Path

# Started as a script, Python looks for modules beside this file only; there, this file and the
# package of the same name would hide each other.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

if __name__ == "__main__":
    runpy.run_module("tasks.dev", run_name="__main__", alter_sys=True)
