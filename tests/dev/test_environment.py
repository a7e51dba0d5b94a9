"""Settings, secrets, ports and facts of the local stack."""

import json
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api._lib.push import PushSender
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from tasks.dev import report
from tasks.dev.__main__ import options
from tasks.dev.child import ChildError
from tasks.dev.console import Console
from tasks.dev.environment import (
    BASE_ID,
    airtable_defaults,
    completed,
    is_set,
    kept_secrets,
    server_defaults,
)
from tasks.dev.openai import KEY
from tasks.dev.ports import APP_PORT, Ports
from tasks.dev.services import free_port
from tasks.dev.stack import exclusive
from tasks.dev.standins import Maker

FACTS = report.Facts(
    app="http://127.0.0.1:3000",
    database_url="postgresql://mfa@127.0.0.1/mfa",
    redis_url="redis://127.0.0.1",
    airtable=report.Airtable("http://127.0.0.1:9001", "pat", "appX"),
    mailbox="http://127.0.0.1:9002",
    openai=None,
    push="http://127.0.0.1:9003",
    logins=[{"email": "lotte@example.test", "password": "secret", "role": "Deelnemer"}],
)
ALL = {"airtable", "openai", "mailbox", "push"}


@pytest.fixture
def busy() -> Iterator[int]:
    """A port somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def stand_ins(folder: Path, **environ: str) -> set[str]:
    maker = Maker(environ, folder, Ports(folder), Console().log_of)
    return set(maker.all("pat", demo=True))


def test_secrets_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    made = kept_secrets(tmp_path)
    assert kept_secrets(tmp_path) == made
    assert len(made["JWT_SECRET"]) >= 32
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_the_made_environment_is_one_the_server_and_the_worker_start_with(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x"}
    airtable, defaults = airtable_defaults(given, "pat"), server_defaults("http://x", tmp_path)
    environ = completed(given, kept_secrets(tmp_path), airtable, defaults)
    for role in Role:
        assert load_settings(environ, role).airtable_base_id == BASE_ID
    assert PushSender(load_settings(environ, Role.WORKER)).configured


def test_what_the_caller_sets_wins_even_as_a_secret_file(tmp_path: Path) -> None:
    secret = tmp_path / "jwt"
    secret.write_text("from a file, long enough to sign tokens with")
    environ = completed(
        {"JWT_SECRET_FILE": str(secret), "LOG_LEVEL": "", "SMTP_PORT": "25"},
        {"JWT_SECRET": "made", "LOG_LEVEL": "debug", "SMTP_PORT": "2525"},
    )
    assert "JWT_SECRET" not in environ
    assert (environ["LOG_LEVEL"], environ["SMTP_PORT"]) == ("debug", "25")
    assert is_set(environ, "JWT_SECRET")


def test_a_real_airtable_token_needs_its_base_named_too() -> None:
    assert airtable_defaults({"AIRTABLE_ACCESS_TOKEN": "pat.real"}, "made") == {}


def test_a_stand_in_gives_way_to_each_real_service(tmp_path: Path) -> None:
    assert stand_ins(tmp_path) == ALL
    assert stand_ins(tmp_path, AIRTABLE_ENDPOINT_URL="http://x") == ALL - {"airtable"}
    assert stand_ins(tmp_path, AIRTABLE_ACCESS_TOKEN="pat") == ALL - {"airtable"}
    assert stand_ins(tmp_path, OPENAI_BASE_URL="http://x") == ALL - {"openai"}
    assert stand_ins(tmp_path, OPENAI_API_KEY_FILE="/x") == ALL - {"openai"}
    assert stand_ins(tmp_path, SMTP_SERVER="mail.example.test") == ALL - {"mailbox"}


def test_ports_are_those_of_last_time_unless_somebody_took_them(tmp_path: Path, busy: int) -> None:
    first = Ports(tmp_path)
    chosen = first.choose("airtable"), first.choose("mailbox", busy)
    assert busy not in chosen
    again = Ports(tmp_path)
    assert (again.choose("airtable"), again.choose("mailbox")) == chosen
    (tmp_path / "ports.json").write_text(json.dumps({"airtable": busy}))
    assert Ports(tmp_path).choose("airtable") != busy


def test_a_port_is_never_given_twice(tmp_path: Path) -> None:
    port = free_port()
    ports = Ports(tmp_path)
    assert ports.choose("one", port) != ports.choose("two", port)


def test_a_port_asked_for_that_is_taken_is_an_error(tmp_path: Path, busy: int) -> None:
    with pytest.raises(ChildError, match=f"Port {busy} is taken"):
        Ports(tmp_path).for_app(busy)


def test_without_a_wish_the_server_takes_3000_or_any_free_port(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", APP_PORT))
            listener.listen()
        except OSError:
            pass  # somebody else took it, which serves as well
        assert Ports(tmp_path).for_app(None) != APP_PORT


def test_two_stacks_never_share_a_data_folder(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path),
        pytest.raises(ChildError, match="another run uses"),
        exclusive(tmp_path),
    ):
        pass
    with exclusive(tmp_path):
        pass


def test_facts_for_scripts_hold_all_that_was_promised(tmp_path: Path) -> None:
    report.write(tmp_path, FACTS, {"app": 1, "worker": 2})
    path = tmp_path / "dev.json"
    assert json.loads(path.read_text()) == {
        "app": "http://127.0.0.1:3000",
        "databaseUrl": "postgresql://mfa@127.0.0.1/mfa",
        "redisUrl": "redis://127.0.0.1",
        "airtable": {"url": "http://127.0.0.1:9001", "token": "pat", "baseId": "appX"},
        "mailbox": "http://127.0.0.1:9002",
        "openai": None,
        "push": "http://127.0.0.1:9003",
        "logins": [{"email": "lotte@example.test", "password": "secret", "role": "Deelnemer"}],
        "pids": {"app": 1, "worker": 2},
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_people_are_told_the_addresses_and_the_logins() -> None:
    text = report.text(Path("/data"), replace(FACTS, mailbox=None))
    for part in (FACTS.app, FACTS.airtable.url, "a real mail server", "lotte@example.test"):
        assert part in text


def test_the_local_server_has_the_key_that_its_language_model_takes(tmp_path: Path) -> None:
    made = Maker({}, tmp_path, Ports(tmp_path), Console().log_of).all("pat", demo=True)
    assert made["openai"].settings["OPENAI_API_KEY"] == KEY


def test_a_token_may_begin_like_an_option(tmp_path: Path) -> None:
    made = Maker({}, tmp_path, Ports(tmp_path), Console().log_of).all("--scopes", demo=False)
    airtable = made["airtable"]
    try:
        airtable.child.start()
        airtable.child.wait_until(lambda: any("ready" in line for line in airtable.child.lines))
    finally:
        airtable.child.stop()


@pytest.mark.parametrize("given", [("--port", "99999"), ("--port", "x"), ("--workers", "-1")])
def test_a_number_that_makes_no_sense_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: tuple[str, str]
) -> None:
    monkeypatch.setattr("sys.argv", ["dev.py", *given])
    with pytest.raises(SystemExit) as ended:
        options()
    assert ended.value.code == 2
    assert f"argument {given[0]}: '{given[1]}' is no number from" in capsys.readouterr().err
