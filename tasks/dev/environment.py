"""The environment of the server and the worker: what the caller set, completed for this machine."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from api._lib.push_keys import new_pair
from tasks.dev.services import HOST, write_secret

ROOT = Path(__file__).resolve().parent.parent.parent
BASE_ID = "appMentalFitDemo1"
GENERATED = (
    "JWT_SECRET",
    "CACHE_INVALIDATION_SECRET",
    "AIRTABLE_INBOUND_SYNC_SECRET",
    "AIRTABLE_USER_SYNC_SECRET",
    "STAND_IN_TOKEN",
)


def is_set(environ: Mapping[str, str], *names: str) -> bool:
    """Whether the caller set one of the variables, directly or as a secret file."""
    return any(environ.get(n, "").strip() or environ.get(f"{n}_FILE") for n in names)


def kept_secrets(folder: Path) -> dict[str, str]:
    """Secrets of this data folder, made once, readable by its owner only."""
    path = folder / "secrets.json"
    if not path.exists():
        made = {name: secrets.token_urlsafe(32) for name in GENERATED} | push_keys()
        write_secret(path, json.dumps(made, indent=2) + "\n")
    return {str(name): str(value) for name, value in json.loads(path.read_text()).items()}


def push_keys() -> dict[str, str]:
    """A key pair that identifies this server to push services."""
    public, private = new_pair()
    return {"WEB_PUSH_VAPID_PUBLIC_KEY": public, "WEB_PUSH_VAPID_PRIVATE_KEY": private}


def completed(environ: Mapping[str, str], *defaults: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables, and defaults for those that are not set."""
    whole = dict(environ)
    for group in defaults:
        whole |= {name: value for name, value in group.items() if not is_set(whole, name)}
    return whole


def airtable_defaults(environ: Mapping[str, str], token: str) -> dict[str, str]:
    """Credentials for a stand-in, ours or another; a real token needs a base named beside it."""
    if is_set(environ, "AIRTABLE_ACCESS_TOKEN"):
        return {}
    return {"AIRTABLE_ACCESS_TOKEN": token, "AIRTABLE_BASE_ID": BASE_ID}


def webhook_defaults(url: str) -> dict[str, str]:
    """Lets the stand-in call the server, which it can although nobody else reaches this machine."""
    return {
        "AIRTABLE_WEBHOOKS_ENABLED": "true",
        "AIRTABLE_WEBHOOK_URL": f"{url}/api/sync/airtable/webhook",
    }


def server_defaults(url: str, static_folder: Path) -> dict[str, str]:
    """What a server on loopback without HTTPS needs to be usable by a browser and by curl."""
    defaults = {
        "APP_ENV": "development",
        "LISTEN_HOST": HOST,
        "APP_URL": url,
        "COOKIE_SECURE": "false",
        "WEB_PUSH_ALLOWED_HOSTS": "*",
        "WEB_PUSH_SUBJECT": "mailto:app@example.test",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    if not (ROOT / "dist" / "index.html").exists():
        defaults["STATIC_DIR"] = str(static_folder)
    return defaults
