"""The page served while no web client is built: shows what runs and makes one tick travel."""

import json
import shutil
from pathlib import Path
from urllib.parse import quote

from tasks.dev.report import Airtable, Facts

REAL = "https://api.airtable.com"
TICKS = "Goede gewoontes gebruik"
PAGES = Path(__file__).parent / "pages"


def prepare(folder: Path, facts: Facts) -> None:
    """Put the page and the addresses of this run where the server can serve them."""
    shutil.copytree(PAGES, folder, dirs_exist_ok=True)
    content = {
        "airtable": _tables(facts.airtable),
        "airtableTicks": f"{_tables(facts.airtable)}#{quote(TICKS)}",
        "seen": _seen(facts.airtable),
        "mailbox": facts.mailbox,
        "push": facts.push,
        "logins": facts.logins,
    }
    (folder / "config.json").write_text(json.dumps(content))


def _tables(airtable: Airtable) -> str:
    """Where people see the tables: the stand-in shows its own, the real one has a site."""
    if _is_real(airtable):
        return f"https://airtable.com/{airtable.base_id}"
    return f"{airtable.url}/"


def _seen(airtable: Airtable) -> str | None:
    """Picture of a tick that the stand-in has got; the page adds the tick's id."""
    if _is_real(airtable):
        return None
    return f"{airtable.url}/_control/seen.svg?table={quote(TICKS)}&search="


def _is_real(airtable: Airtable) -> bool:
    return airtable.url.rstrip("/") == REAL
