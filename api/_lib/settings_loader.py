"""Reads `Settings` from the environment and from secret files."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec

from api._lib.push_endpoints import EndpointRules
from api._lib.settings import (
    AIRTABLE_TABLES,
    BACKEND_FLAGS,
    SECRET_FILES,
    Backend,
    ClaimSize,
    Role,
    Settings,
    SettingsError,
)
from api._lib.settings_addresses import is_mailbox, unusable

PRIVATE_NETWORKS = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,fe80::/10"
LOCAL_REDIS = "redis://localhost:6379"
BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
REQUIRED = {
    Role.APP: ("DATABASE_URL", "JWT_SECRET"),
    Role.WORKER: ("DATABASE_URL", "REDIS_URL", "AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID"),
    Role.TASK: ("DATABASE_URL",),
}
REQUIRED_IN_PRODUCTION = (
    "APP_URL",
    "AIRTABLE_ACCESS_TOKEN",
    "AIRTABLE_BASE_ID",
    "OPENAI_API_KEY",
    "SMTP_SERVER",
)
LEAST_CONNECTIONS_OF_A_WORKER = 8
"""Three to listen, three for imports at once, one for the turn to send, and one to work with: with
fewer, those that are held for long leave none for the others."""

COMPUTED = frozenset({"airtable_tables", "backends", "warnings"})


def load_settings(environ: Mapping[str, str], role: Role) -> Settings:
    """Settings from the environment; raises `SettingsError` naming all that is missing or wrong."""
    reader = _Reader(with_local_file(environ))
    values = reader.values(role)
    if reader.problems:
        raise SettingsError("Cannot start: " + "; ".join(reader.problems) + ".")
    return Settings(**values, warnings=tuple(reader.warnings))


def with_local_file(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Adds `.env.local` of the working directory outside production (F-H18)."""
    path = Path(".env.local")
    kind = environ.get("APP_ENV", "").strip() or environ.get("NODE_ENV", "").strip()
    if kind == "production" or not path.is_file():
        return environ
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError("Cannot start: .env.local cannot be read.") from None
    pairs = re.findall(r"^\s*(?:export\s+)?(\w+)\s*=(.*)$", text, re.MULTILINE)
    return {name: value.strip().strip("\"'") for name, value in pairs} | dict(environ)


class _Reader:
    """Collects values, problems and warnings, so that one message can name everything."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def values(self, role: Role) -> dict[str, Any]:
        values = {
            field.name: self._convert(field.name.upper(), text, field.type)
            for field in msgspec.structs.fields(Settings)
            if field.name not in COMPUTED and (text := self._text(field.name.upper())) is not None
        }
        values.setdefault("database_url", "")
        values["airtable_tables"] = self._tables()
        values["backends"] = self._backends()
        self._derive(values)
        self._check(values, role)
        return values

    def _text(self, name: str) -> str | None:
        if name == "APP_ENV":
            return self._plain("APP_ENV") or self._plain("NODE_ENV")
        direct = self._plain(name)
        if name not in SECRET_FILES or not (path := self._plain(f"{name}_FILE")):
            return direct
        return self._from_file(name, path, direct)

    def _plain(self, name: str) -> str | None:
        return self.environ.get(name, "").strip() or None

    def _from_file(self, name: str, path: str, direct: str | None) -> str | None:
        try:
            content = Path(path).read_text("utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            if direct is None:
                self.problems.append(f"{name}_FILE cannot be read")
            return direct
        if direct and content and direct != content:
            self.warnings.append(f"{name} and {name}_FILE differ; {name} is used")
        return direct or content

    def _convert(self, name: str, text: str, kind: Any) -> Any:
        value: Any = text
        if kind is bool or bool in get_args(kind):
            value = BOOLEANS.get(text.lower())
        elif name == "TRUSTED_PROXIES":
            return self._networks(text)
        elif name == "WEB_PUSH_ALLOWED_HOSTS":
            return self._push_hosts(text)
        elif name == "LOG_LEVEL":
            value = text.lower()
        try:
            return msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError:
            self.problems.append(f"{name} has a value that is not allowed")
            return None

    def _networks(self, text: str) -> tuple[Any, ...]:
        try:
            return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
        except ValueError:
            self.problems.append("TRUSTED_PROXIES has a value that is not allowed")
            return ()

    def _push_hosts(self, text: str) -> tuple[str, ...]:
        hosts = tuple(part.strip().lower() for part in text.split(",") if part.strip())
        try:
            EndpointRules(hosts)
        except ValueError:
            self.problems.append("WEB_PUSH_ALLOWED_HOSTS has a value that is not allowed")
        return hosts

    def _tables(self) -> dict[str, str]:
        return {
            name: self._plain(table_variable(name)) or default
            for name, default in AIRTABLE_TABLES.items()
        }

    def _backends(self) -> dict[str, Backend]:
        names = {f"DATA_BACKEND_{flag}": flag for flag in BACKEND_FLAGS}
        known = names.keys() | {field.name.upper() for field in msgspec.structs.fields(Settings)}
        for name in sorted(self.environ.keys() - known):
            if name.startswith("DATA_BACKEND_"):
                self.warnings.append(f"{name} is no flag, so it changes nothing")
        return {flag: self._backend(name) for name, flag in names.items()}

    def _backend(self, name: str) -> Backend:
        try:
            return Backend((self._plain(name) or Backend.POSTGRES_PRIMARY.value).lower())
        except ValueError:
            self.problems.append(f"{name} has a value that is not allowed")
            return Backend.POSTGRES_PRIMARY

    def _derive(self, values: dict[str, Any]) -> None:
        values.setdefault("trusted_proxies", self._networks(PRIVATE_NETWORKS))
        values["app_url"] = str(values.get("app_url") or self._default_url(values)).rstrip("/")
        batch = self._convert("SYNC_BATCH_SIZE", self._plain("SYNC_BATCH_SIZE") or "20", ClaimSize)
        if batch is not None and batch > 20:
            values.setdefault("sync_claim_size", batch)
        if self._convert("USE_LOCAL_REDIS", self._plain("USE_LOCAL_REDIS") or "false", bool):
            values["redis_url"] = LOCAL_REDIS
            if values.get("app_env") == "production":
                self.problems.append("USE_LOCAL_REDIS is not allowed in production")

    @staticmethod
    def _default_url(values: dict[str, Any]) -> str:
        if values.get("app_env") == "production":
            return ""
        port = values.get("port")
        return f"http://localhost:{3000 if port is None else port}"

    def _check(self, values: dict[str, Any], role: Role) -> None:
        production = values.get("app_env") == "production"
        self._require(values, REQUIRED[role])
        if values.get("pg_statement_cache") is False:
            self._require(values, ("DATABASE_DIRECT_URL",))
        if production and role is Role.APP:
            self._require(values, REQUIRED_IN_PRODUCTION)
            self._check_sender(values)
        if production:
            self._check_production(values)
        for name in unusable(values):
            self.problems.append(f"{name.upper()} has a value that is not allowed")
        if not _valid_zone(values.get("notification_default_timezone", "Europe/Brussels")):
            self.problems.append("NOTIFICATION_DEFAULT_TIMEZONE has a value that is not allowed")
        if 0 < len(values.get("jwt_secret", "").encode()) < 32:
            self.warnings.append("JWT_SECRET is shorter than 32 bytes")
        if role is Role.WORKER:
            self._check_worker(values)
        pair = ("WEB_PUSH_VAPID_PUBLIC_KEY", "WEB_PUSH_VAPID_PRIVATE_KEY")
        lacking = [name for name in pair if not values.get(name.lower())]
        if len(lacking) == 1:
            self.warnings.append(f"{lacking[0]} is missing, so web push is off")
        if values.get("pgsslmode") == "require":
            self.warnings.append("PGSSLMODE=require encrypts without checking the certificate")

    def _check_sender(self, values: dict[str, Any]) -> None:
        """The name of an account may be no address, and then nothing can be sent from it."""
        account = values.get("smtp_user")
        if not (values.get("smtp_from") or account):
            self.problems.append("SMTP_FROM or SMTP_USER is missing")
        elif not values.get("smtp_from") and not is_mailbox(account or ""):
            self.problems.append("SMTP_FROM is missing, and SMTP_USER is no address to send from")

    def _check_worker(self, values: dict[str, Any]) -> None:
        least = LEAST_CONNECTIONS_OF_A_WORKER
        if (values.get("pg_pool_max") or least) < least:
            self.problems.append(f"PG_POOL_MAX must be at least {least} for a worker")
        if not values.get("jwt_secret"):
            self.warnings.append("JWT_SECRET is missing, so Airtable is polled: no webhook is made")

    def _require(self, values: dict[str, Any], names: tuple[str, ...]) -> None:
        unreadable = {problem.split("_FILE")[0] for problem in self.problems}
        self.problems += [
            f"{name} is missing"
            for name in names
            if not values.get(name.lower()) and name not in unreadable
        ]

    def _check_production(self, values: dict[str, Any]) -> None:
        if values["app_url"] and not values["app_url"].startswith("https://"):
            self.problems.append("APP_URL must start with https:// in production")
        if values.get("rate_limit_factor") == 0:
            self.problems.append("RATE_LIMIT_FACTOR must not be 0 in production")
        if values.get("cookie_secure") is False:
            self.problems.append("COOKIE_SECURE must not be false in production")
        if "*" in values.get("web_push_allowed_hosts", ()):
            self.problems.append("WEB_PUSH_ALLOWED_HOSTS must not be * in production")


def table_variable(name: str) -> str:
    """The variable that overrides a table id: `methodUsage` → `AIRTABLE_TABLE_METHOD_USAGE`."""
    return "AIRTABLE_TABLE_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def _valid_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True
