"""Run the local push service: `python -m tasks.dev.push --port N`."""

from tasks.dev.local_server import run
from tasks.dev.push import PushStandIn

run(__doc__, PushStandIn)
