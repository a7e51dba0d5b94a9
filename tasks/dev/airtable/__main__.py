"""Run the stand-in: python -m tasks.dev.airtable --port 8090 --data airtable.db."""

import argparse
import socket

import uvicorn

from tasks.dev.airtable.base import Base, Options
from tasks.dev.airtable.content import load_content, read_content
from tasks.dev.airtable.ids import is_base_id
from tasks.dev.airtable.limiter import Limits
from tasks.dev.airtable.pinging import start_pings
from tasks.dev.airtable.server import server_config
from tasks.dev.airtable.store import Store


def arguments() -> argparse.Namespace:
    """Read the command line."""
    usual, figures = Options(), Limits()
    parser = argparse.ArgumentParser(prog="python -m tasks.dev.airtable", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--data", default=":memory:", help="SQLite file that keeps the base")
    parser.add_argument("--token", default=usual.token)
    parser.add_argument("--base-id", type=base_id, default=usual.base_id)
    parser.add_argument("--content", help="module with CONTENT or JSON file, for an empty base")
    parser.add_argument("--no-rate-limit", action="store_true")
    parser.add_argument("--requests-per-second", type=int, default=figures.requests)
    parser.add_argument("--rate-window", type=float, default=figures.window_seconds)
    parser.add_argument("--lock-seconds", type=float, default=figures.lock_seconds)
    parser.add_argument("--cursor-seconds", type=float, default=usual.cursor_seconds)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--scopes", nargs="+", default=sorted(usual.scopes))
    parser.add_argument("--without-app-id", nargs="+", metavar="TABLE", default=[], help="* = all")
    return parser.parse_args()


def base_id(text: str) -> str:
    """Check a base id from the command line."""
    if not is_base_id(text):
        raise argparse.ArgumentTypeError("a base id is `app` and 14 letters or digits")
    return text


def options(args: argparse.Namespace, origin: str) -> Options:
    """Turn the command line into the options of the base."""
    limits = Limits(
        enabled=not args.no_rate_limit,
        requests=args.requests_per_second,
        window_seconds=args.rate_window,
        lock_seconds=args.lock_seconds,
    )
    return Options(
        base_id=args.base_id,
        token=args.token,
        origin=origin,
        limits=limits,
        cursor_seconds=args.cursor_seconds,
        scopes=frozenset(args.scopes),
        without_app_id=tuple(args.without_app_id),
        latency_seconds=args.latency_ms / 1000,
    )


def main() -> None:
    """Serve until interrupted."""
    args = arguments()
    listening = socket.create_server(("127.0.0.1", args.port), backlog=256)
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    base = Base(options(args, origin), Store(args.data))
    if args.content and base.is_empty():
        load_content(base, read_content(args.content))
    start_pings(base)
    print(f"ready {origin}", flush=True)
    uvicorn.Server(server_config(base)).run([listening])


if __name__ == "__main__":
    main()
