"""Settings: typed, complete or refused, secrets from files."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from api._lib.pools import ssl_context
from api._lib.settings import (
    SECRET_FILES,
    Backend,
    Role,
    Settings,
    SettingsError,
    without_secrets,
)
from api._lib.settings_loader import load_settings, table_variable

ROOT = Path(__file__).parents[2]
APP = {"DATABASE_URL": "postgres://u:pw@db/mfa", "JWT_SECRET": "s" * 32}
PRODUCTION = APP | {
    "APP_ENV": "production",
    "APP_URL": "https://mfa.example.com/",
    "AIRTABLE_ACCESS_TOKEN": "pat",
    "AIRTABLE_BASE_ID": "app",
    "OPENAI_API_KEY": "sk",
    "SMTP_SERVER": "mail",
    "SMTP_USER": "user@example.com",
}


def refused(environ: dict[str, str], role: Role = Role.APP) -> str:
    """The sentence with which a start is refused."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, role)
    return str(caught.value)


def test_defaults_are_those_of_a_developer() -> None:
    settings = load_settings(APP, Role.APP)
    assert (settings.port, settings.app_url) == (3000, "http://localhost:3000")
    assert settings.sync_claim_size == 200
    assert set(settings.backends.values()) == {Backend.POSTGRES_PRIMARY}
    assert len(settings.airtable_tables) == 23


def test_everything_missing_is_named_at_once() -> None:
    assert refused({}) == "Cannot start: DATABASE_URL is missing; JWT_SECRET is missing."
    worker = refused({}, Role.WORKER)
    for name in ("DATABASE_URL", "REDIS_URL", "AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID"):
        assert f"{name} is missing" in worker


@pytest.mark.parametrize("name", sorted(set(PRODUCTION) - {"APP_ENV", "SMTP_USER"}))
def test_production_needs_more(name: str) -> None:
    assert f"{name} is missing" in refused(PRODUCTION | {name: " "})


def test_production_needs_a_sender() -> None:
    assert "SMTP_FROM or SMTP_USER is missing" in refused(PRODUCTION | {"SMTP_USER": ""})


def test_the_name_of_an_account_is_no_sender_when_it_is_no_address() -> None:
    account = PRODUCTION | {"SMTP_USER": "apikey"}
    assert "SMTP_FROM is missing, and SMTP_USER is no address" in refused(account)
    assert load_settings(account | {"SMTP_FROM": "app@example.com"}, Role.APP).smtp_user == "apikey"


@pytest.mark.parametrize("half", ["PUBLIC", "PRIVATE"])
def test_half_a_pair_of_push_keys_is_told(half: str) -> None:
    name = f"WEB_PUSH_VAPID_{half}_KEY"
    (warning,) = load_settings(APP | {name: "abc"}, Role.APP).warnings
    assert warning.endswith("_KEY is missing, so web push is off")
    assert name not in warning


def test_the_address_loses_its_trailing_slash() -> None:
    assert load_settings(PRODUCTION, Role.APP).app_url == "https://mfa.example.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("SYNC_BATCH_SIZE", "abc"),
        ("SYNC_POLL_INTERVAL_MS", "NaN"),
        ("SYNC_MAX_RETRIES", "0"),
        ("COOKIE_SECURE", "maybe"),
        ("DATA_BACKEND_PROGRAMS", "postgres"),
        ("TRUSTED_PROXIES", "everyone"),
        ("APP_ENV", "live"),
        ("NOTIFICATION_DEFAULT_TIMEZONE", "Europe/Atlantis"),
    ],
)
def test_F_H16_a_bad_value_is_refused_by_name_and_never_shown(name: str, value: str) -> None:
    sentence = refused(APP | {name: value})
    assert name in sentence
    assert value not in sentence.replace(name, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_URL", "http://mfa.example.com"),
        ("RATE_LIMIT_FACTOR", "0"),
        ("COOKIE_SECURE", "false"),
        ("WEB_PUSH_ALLOWED_HOSTS", "*"),
        ("USE_LOCAL_REDIS", "true"),
    ],
)
def test_production_refuses_what_only_developers_may(name: str, value: str) -> None:
    assert name in refused(PRODUCTION | {name: value})
    load_settings(APP | {name: value}, Role.APP)


@pytest.mark.parametrize("text", ["true", "TRUE", "1", "yes", "On"])
def test_booleans_are_read_in_any_case(text: str) -> None:
    assert load_settings(APP | {"USER_WEBHOOK_SYNC_ENABLED": text}, Role.APP)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("abc\n")
    environ = {"DATABASE_URL": "postgres://db/mfa", "JWT_SECRET_FILE": str(file)}
    assert load_settings(environ, Role.APP).jwt_secret == "abc"


def test_the_variable_wins_over_the_file_with_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("of the file")
    settings = load_settings(APP | {"JWT_SECRET_FILE": str(file)}, Role.APP)
    assert settings.jwt_secret == APP["JWT_SECRET"]
    assert settings.warnings == ("JWT_SECRET and JWT_SECRET_FILE differ; JWT_SECRET is used",)


def test_an_unreadable_file_without_a_variable_is_refused(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgres://db/mfa", "JWT_SECRET_FILE": str(tmp_path / "none")}
    assert refused(environ) == "Cannot start: JWT_SECRET_FILE cannot be read."


def test_F_H18_a_local_file_counts_only_outside_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env.local").write_text('PORT=4000\nLOG_LEVEL="debug"\n')
    monkeypatch.chdir(tmp_path)
    local = load_settings(APP | {"LOG_LEVEL": "error"}, Role.APP)
    assert (local.port, local.log_level) == (4000, "error")
    assert load_settings(PRODUCTION, Role.APP).port == 3000


def test_a_short_signing_secret_only_warns() -> None:
    settings = load_settings(APP | {"JWT_SECRET": "short"}, Role.APP)
    assert settings.warnings == ("JWT_SECRET is shorter than 32 bytes",)


WORKER = {
    "DATABASE_URL": "postgres://db/mfa",
    "REDIS_URL": "redis://redis",
    "AIRTABLE_ACCESS_TOKEN": "pat",
    "AIRTABLE_BASE_ID": "app",
}


def test_a_worker_needs_more_connections_than_it_holds() -> None:
    few = {"PG_POOL_MAX": "7"}
    assert refused(WORKER | few, Role.WORKER) == (
        "Cannot start: PG_POOL_MAX must be at least 8 for a worker."
    )
    assert load_settings(WORKER | {"PG_POOL_MAX": "8"}, Role.WORKER).pg_pool_max == 8
    assert load_settings(APP | few, Role.APP).pg_pool_max == 7
    wrong = refused(WORKER | {"PG_POOL_MAX": "few"}, Role.WORKER)
    assert wrong == "Cannot start: PG_POOL_MAX has a value that is not allowed."


def test_a_worker_that_cannot_have_a_webhook_says_so() -> None:
    [warning] = load_settings(WORKER, Role.WORKER).warnings
    assert "JWT_SECRET" in warning
    assert not load_settings(WORKER | {"JWT_SECRET": "s" * 32}, Role.WORKER).warnings


def test_table_ids_can_be_overridden() -> None:
    assert table_variable("overtuigingenGebruik") == "AIRTABLE_TABLE_OVERTUIGINGEN_GEBRUIK"
    settings = load_settings(APP | {"AIRTABLE_TABLE_METHOD_USAGE": "tblOther"}, Role.APP)
    assert settings.airtable_tables["methodUsage"] == "tblOther"


def test_a_larger_batch_size_of_before_is_kept() -> None:
    assert load_settings(APP | {"SYNC_BATCH_SIZE": "500"}, Role.APP).sync_claim_size == 500
    assert load_settings(APP | {"SYNC_BATCH_SIZE": "10"}, Role.APP).sync_claim_size == 200


@pytest.mark.parametrize("mode", ["Postgres_Only", " airtable_only "])
def test_flags_are_read_in_any_case(mode: str) -> None:
    settings = load_settings(APP | {"DATA_BACKEND_HABIT_USAGE": mode}, Role.APP)
    assert settings.backends["HABIT_USAGE"].value == mode.strip().lower()


def test_the_server_ends_with_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "DATABASE_URL": "postgres://u:hunter2@db/x", "PORT": "x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "JWT_SECRET is missing" in done.stderr
    assert "PORT has a value that is not allowed" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_port_that_is_taken_ends_the_server_with_a_sentence_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = APP | {"PYTHONPATH": str(ROOT), "LISTEN_HOST": "127.0.0.1", "PORT": str(port)}
        command = [sys.executable, "-m", "api"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        f"Cannot start: 127.0.0.1:{port} (LISTEN_HOST, PORT) is taken or not allowed.\n"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("USE_LOCAL_REDIS", "maybe"),
        ("SYNC_BATCH_SIZE", "-5"),
        ("SYNC_BATCH_SIZE", "5001"),
        ("PG_CONNECT_TIMEOUT_MS", "0"),
        ("DATABASE_URL", "db.example.com/mfa"),
        ("DATABASE_URL", "mysql://u:hunter2@db/mfa"),
        ("DATABASE_URL", "postgres://u:hunter#2@db/mfa"),
        ("DATABASE_URL", "postgres://u:hunter/2@db/mfa"),
        ("DATABASE_DIRECT_URL", "postgres://db:99999999/mfa"),
        ("REDIS_URL", "mfa_redis:6379"),
        ("REDIS_URL", "redis://:hunter#2@mfa_redis:6379"),
        ("APP_URL", "https://[mfa"),
        ("APP_URL", "mfa.example.com"),
        ("AIRTABLE_ENDPOINT_URL", "https://"),
        ("OPENAI_BASE_URL", "ftp://model/v1"),
        ("PGSSLROOTCERT", "/nowhere/ca.pem"),
        ("SMTP_FROM", "apikey"),
        ("PORT", "99999"),
    ],
)
def test_F_H16_what_cannot_work_ends_the_start_instead_of_every_request(
    name: str, value: str
) -> None:
    assert refused(APP | {name: value}) == f"Cannot start: {name} has a value that is not allowed."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql:///mfa?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql://u:a%23,b@one:5432,two:5433/mfa?sslmode=require"),
        ("DATABASE_URL", "postgres://u:pw@[::1]:5432/mfa"),
        ("REDIS_URL", "rediss://:pw@mfa_redis:6379/0"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("APP_URL", "http://localhost:3000/"),
        ("SMTP_FROM", "Mental Fitness <app@example.com>"),
    ],
)
def test_addresses_of_any_usual_form_are_taken(name: str, value: str) -> None:
    assert getattr(load_settings(APP | {name: value}, Role.APP), name.lower())


def test_F_H18_production_with_spaces_round_it_is_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env.local").write_text("PORT=4000\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(PRODUCTION | {"APP_ENV": " production "}, Role.APP).port == 3000


def test_a_local_file_that_is_no_text_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env.local").write_bytes(b"JWT_SECRET=\xff\n")
    monkeypatch.chdir(tmp_path)
    assert refused(APP) == "Cannot start: .env.local cannot be read."


def test_pgsslmode_disable_means_no_encryption_whatever_the_address_asks_for() -> None:
    plain = load_settings(APP | {"PGSSLMODE": "disable"}, Role.APP)
    assert ssl_context(plain) is False
    assert ssl_context(load_settings(APP, Role.APP)) is None


HARMLESS = {
    *("app_url", "airtable_endpoint_url", "airtable_webhook_url", "openai_base_url"),
    "sync_export_password_hash",
}


def test_M9_what_a_log_may_show_holds_no_secret() -> None:
    names = {name.lower() for name in SECRET_FILES}
    settings = structs.replace(Settings(database_url=""), **dict.fromkeys(names, "hidden"))
    shown = without_secrets(settings)
    assert shown["notification_batch_size"] == 20
    assert "hidden" not in str(shown)
    assert {name for name in shown if re.search("secret|token|passw|key|url", name)} == HARMLESS


def test_any_free_port_may_be_asked_for() -> None:
    assert load_settings(APP | {"PORT": "0"}, Role.APP).app_url == "http://localhost:0"
