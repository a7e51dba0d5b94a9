"""The page that shows what browsers would show."""

from collections.abc import Iterable
from html import escape
from typing import Any

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Push messages</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem }
article { border: 1px solid #ccc; border-radius: .5rem; margin: 1rem 0; padding: .5rem 1rem }
h2 { font-size: 1rem; margin: 0 } p { margin: 0 } small { color: #666 }
</style></head><body><h1>Push messages</h1>
"""


def render(messages: Iterable[dict[str, Any]]) -> str:
    """The messages given, as a page that renews itself."""
    articles = "".join(map(_article, messages))
    return f"{HEAD}{articles or '<p>Nothing has arrived yet.</p>'}</body></html>"


def _article(message: dict[str, Any]) -> str:
    payload = message["payload"] if isinstance(message["payload"], dict) else {}
    title = escape(str(payload.get("title", "(no title)")))
    body = escape(str(payload.get("body", message["text"])))
    facts = f"{message['receivedAt']} · device {message['device']} · TTL {message['ttl']} s"
    return (
        f"<article><h2>{title}</h2><p>{body}</p>"
        f"<small>{escape(facts)} · topic {escape(str(message['topic']))}</small></article>"
    )
