"""The page served while no web client is built: shows what runs and makes one tick travel."""

import json
import shutil
from pathlib import Path

from tasks.dev.report import Facts

PAGES = Path(__file__).parent / "pages"


def prepare(folder: Path, facts: Facts) -> None:
    """Put the page and the addresses of this run where the server can serve them."""
    shutil.copytree(PAGES, folder, dirs_exist_ok=True)
    content = {
        "airtable": facts.airtable.url,
        "mailbox": facts.mailbox,
        "openai": facts.openai,
        "push": facts.push,
        "logins": facts.logins,
    }
    (folder / "config.json").write_text(json.dumps(content))
