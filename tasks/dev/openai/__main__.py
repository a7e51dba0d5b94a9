"""Run the stand-in: `python -m tasks.dev.openai --port N`."""

from tasks.dev.local_server import run
from tasks.dev.openai import OpenAiStandIn

run(__doc__, OpenAiStandIn)
