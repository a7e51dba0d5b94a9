"""A set of flags that cannot work ends the start of a process, with one sentence."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from api._lib.app import App
from api._lib.backend import REQUIREMENTS
from api._lib.cache import Cache
from api._lib.settings import BACKEND_FLAGS, Role, SettingsError
from api._lib.settings_loader import load_settings
from api._lib.sync.status import collect
from tests.flags.stage import Stage
from tests.operations.files import ROOT

FORBIDDEN = [(flag, needed) for flag, all_needed in REQUIREMENTS.items() for needed in all_needed]


def start(environ: Mapping[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    """A process as production starts it, in an environment of its own."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_forbidden_set_ends_the_server_with_status_1_and_one_sentence(
    environ: dict[str, str],
) -> None:
    ended = start(environ | {"DATA_BACKEND_PROGRAMS": "airtable_only"}, "-m", "api")
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "Cannot start: DATA_BACKEND_METHOD_USAGE is in a Postgres mode, so DATA_BACKEND_PROGRAMS "
        "must be too (or set DATA_BACKEND_ALLOW_MIXED=true)."
    )
    assert ended.stdout == ""


@pytest.mark.parametrize(("flag", "needed"), FORBIDDEN)
def test_every_forbidden_pair_is_refused_unless_mixing_is_allowed(
    environ: dict[str, str], flag: str, needed: str
) -> None:
    split = environ | {f"DATA_BACKEND_{needed}": "airtable_only"}
    with pytest.raises(SettingsError, match=f"DATA_BACKEND_{flag} .*DATA_BACKEND_{needed}"):
        App(load_settings(split, Role.APP))
    App(load_settings(split | {"DATA_BACKEND_ALLOW_MIXED": "true"}, Role.APP))


def test_F5_a_flag_that_does_not_exist_is_told(environ: dict[str, str]) -> None:
    known = {"DATA_BACKEND_ALLOW_MIXED": "true", "DATA_BACKEND_SHADOW_SAMPLE_RATE": "1"}
    settings = load_settings(environ | known | {"DATA_BACKEND_HABITS": "airtable_only"}, Role.APP)
    assert "DATA_BACKEND_HABITS is no flag, so it changes nothing" in settings.warnings
    assert not any(name in warning for name in known for warning in settings.warnings)


@pytest.mark.parametrize("value", ["postgres", "airtable", "primary", "true", "postgres_primry"])
def test_F5_a_typo_stops_the_start_and_names_the_flag(environ: dict[str, str], value: str) -> None:
    """Sync F5: nothing silently means another mode."""
    with pytest.raises(SettingsError, match="DATA_BACKEND_REWARDS"):
        load_settings(environ | {"DATA_BACKEND_REWARDS": value}, Role.APP)


def test_F5_without_a_database_there_is_no_mode_at_all(environ: dict[str, str]) -> None:
    """Sync F5: not even Airtable alone works without Postgres."""
    only = {f"DATA_BACKEND_{flag}": "airtable_only" for flag in BACKEND_FLAGS}
    poor = {name: value for name, value in environ.items() if name != "DATABASE_URL"}
    ended = start(poor | only, "-m", "api")
    assert ended.returncode == 1
    assert "DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_F5_postgres_only_is_a_mode_of_its_own(stage: Stage) -> None:
    """Sync F5: it serves from Postgres and tells Airtable nothing."""
    async with stage.server("postgres_only") as server:
        stage.airtable.control.clear_requests()
        await server.ann.post("personal-goals", name="Lopen")
        assert [g["name"] for g in (await server.ann.get("personal-goals")).data] == ["Lopen"]
        await server.settle()
        assert stage.airtable.control.count("Persoonlijke doelen") == 0
        sent = "SELECT count(*) FROM outbox_events WHERE entity_type = 'personal_goal'"
        assert await stage.db.fetchval(sent) == 0


async def test_F9_the_worker_has_the_flags_and_tells_them(stage: Stage, cache: Cache) -> None:
    """Sync F9: app and worker read one configuration, and the status shows the worker's."""
    async with stage.server("postgres_primary", METHODS="airtable_only") as server:
        ctx = server.ctx
        told = (await collect(ctx.db, cache, ctx.settings, 1))["flags"]
    assert told == dict.fromkeys(BACKEND_FLAGS, "postgres_primary") | {"METHODS": "airtable_only"}


def test_F9_the_worker_refuses_what_the_server_refuses(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Sync F9: neither runs with a set that the other one would not run with."""
    split = environ | {"DATA_BACKEND_PERSONAL_GOALS": "airtable_only"}
    code = "from api.workers.sync_worker import settings; settings()"
    ended = start(split, "-c", code)
    assert ended.returncode == 1
    assert "DATA_BACKEND_PERSONAL_GOAL_USAGE is in a Postgres mode" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_F9_the_stack_file_gives_both_the_same_flags() -> None:
    """Sync F9: the flags stand once, in what app and worker share."""
    text = (ROOT / "docker-compose.yml").read_text()
    for flag in BACKEND_FLAGS:
        assert text.count(f"DATA_BACKEND_{flag}:") == 1, flag
