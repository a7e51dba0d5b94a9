"""Prints what the server and the sync reach on this machine: `make bench`."""

import argparse
import asyncio
import logging

import uvloop
from rich.console import Console

from benchmarks import http, sync


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a run")
    parser.add_argument("--rounds", type=int, default=9, help="runs per request, alternating")
    parser.add_argument("--only", default="", help="requests whose name contains this")
    parser.add_argument("--ticks", type=int, default=100, help="single ticks followed to Airtable")
    parser.add_argument("--skip", choices=("http", "sync"), help="leave one of the two out")
    options = parser.parse_args()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # That no web client is built is known.
    logging.getLogger("api").setLevel(logging.ERROR)
    console = Console(width=140)
    if options.skip != "http":
        console.print(asyncio.run(http.measure(options.seconds, options.rounds, options.only)))
    if options.skip != "sync":
        console.print(asyncio.run(sync.measure(options.ticks)))


if __name__ == "__main__":
    main()
