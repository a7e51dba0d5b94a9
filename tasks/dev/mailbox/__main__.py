"""Runs the mailbox: `python -m tasks.dev.mailbox --smtp-port 2525 --port 8025`."""

import argparse
import asyncio
import signal

from tasks.dev.mailbox.server import MailboxServer


async def run(smtp_port: int, web_port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(end, ended.set)
    async with MailboxServer(smtp_port=smtp_port, web_port=web_port) as mailbox:
        print(f"ready {mailbox.url}, SMTP port {mailbox.smtp_port}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A mail server that keeps what it gets.")
    parser.add_argument("--port", type=int, default=0, help="of the page (default: a free one)")
    parser.add_argument("--smtp-port", type=int, default=0, help="default: a free one")
    options = parser.parse_args()
    asyncio.run(run(options.smtp_port, options.port))
