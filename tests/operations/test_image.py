"""The Dockerfile: what it installs, copies, runs and as whom."""

import sys

import pytest

from tests.operations.files import (
    ROOT,
    command_of_image,
    copied,
    environment_of_image,
    instructions,
    is_ignored,
)

BUILD, FINAL = 0, 1


def texts(stage: int, name: str) -> list[str]:
    """What the instructions of one name say in one stage."""
    return [i.text for i in instructions() if (i.stage, i.name) == (stage, name)]


def test_it_has_two_stages_of_the_python_the_tests_run_on() -> None:
    major, minor = sys.version_info[:2]
    bases = [i.text.split()[0] for i in instructions() if i.name == "FROM"]
    assert bases == [f"python:{major}.{minor}-slim"] * 2
    assert f"{major}.{minor}" == "3.11"


def test_only_the_locked_packages_of_production_are_installed() -> None:
    installs = [text for text in texts(BUILD, "RUN") if "pip install" in text]
    assert len(installs) == 1
    for option in ("--require-hashes", "--no-deps", "-r client/requirements.lock"):
        assert option in installs[0]
    everything = " ".join(i.text for i in instructions())
    assert "requirements-dev" not in everything
    assert "apt-get" not in everything


def test_the_final_stage_installs_nothing_and_builds_nothing() -> None:
    runs = texts(FINAL, "RUN")
    assert runs == ["python -m compileall -q api tasks"]
    assert not any(word in " ".join(runs) for word in ("pip", "apt", "curl", "wget"))


def test_every_path_copied_exists() -> None:
    sources = [source for source, _ in copied()]
    assert {source.name for source in sources} == {"api", "tasks"}
    assert all(source.is_dir() for source in sources)
    assert (ROOT / "requirements.lock").is_file()


def test_what_the_final_stage_takes_from_the_build_is_made_there() -> None:
    made = " ".join(texts(BUILD, "RUN"))
    from_build = [t.split() for t in texts(FINAL, "COPY") if t.startswith("--from=build")]
    assert [(parts[1], parts[2]) for parts in from_build] == [
        ("/app/venv", "./venv"),
        ("/app/dist", "./dist"),
    ]
    assert "python -m venv /app/venv" in made
    assert "mkdir /app/dist" in made


def test_a_built_web_client_is_taken_along_when_it_is_there() -> None:
    assert texts(BUILD, "COPY") == ["requirements.lock clien[t] ./client/"]
    assert any("if [ -f client/index.html ]" in text for text in texts(BUILD, "RUN"))
    assert not is_ignored("client/index.html")


@pytest.mark.parametrize(
    "path",
    [
        "tasks/dev/stack.py",
        "tasks/dev.py",
        "tests/conftest.py",
        "benchmarks/http.py",
        ".git/config",
        ".venv/bin/python",
        ".dev/secrets.json",
        ".env.local",
        "requirements-dev.lock",
        "api/__pycache__/health.pyc",
    ],
)
def test_stand_ins_tests_and_secrets_stay_outside(path: str) -> None:
    assert is_ignored(path)


@pytest.mark.parametrize(
    "path",
    [
        "api/health.py",
        "api/_lib/docs_assets/index.html",
        "api/workers/sync_worker.py",
        "tasks/db_migrate.py",
        "tasks/worker_check.py",
        "tasks/db/migrations/0001_foundations.sql",
        "requirements.lock",
    ],
)
def test_what_runs_is_inside(path: str) -> None:
    assert not is_ignored(path)
    assert (ROOT / path).is_file()


def test_it_runs_as_a_user_without_rights() -> None:
    names = [i.name for i in instructions() if i.stage == FINAL]
    assert texts(FINAL, "USER") == ["1001:1001"]
    # What is written before belongs to root, so nothing that runs can change it.
    assert names.index("USER") > max(n for n, name in enumerate(names) if name in ("COPY", "RUN"))


def test_its_variables() -> None:
    environ = environment_of_image()
    assert environ["APP_ENV"] == "production"
    assert environ["PORT"] == "3000"
    assert (environ["APP_VERSION"], environ["APP_COMMIT"]) == ("dev", "")
    assert texts(FINAL, "EXPOSE") == ["3000"]


def test_build_arguments_carry_version_and_commit() -> None:
    assert texts(FINAL, "ARG") == ["APP_VERSION=dev", "APP_COMMIT="]
    assert "APP_VERSION=$APP_VERSION" in texts(FINAL, "ENV")[0]
    assert "APP_COMMIT=$APP_COMMIT" in texts(FINAL, "ENV")[0]


def test_G1_the_health_check_uses_python_alone() -> None:
    text = texts(FINAL, "HEALTHCHECK")[0]
    for option in ("--interval=30s", "--timeout=10s", "--start-period=5s", "--retries=3"):
        assert option in text
    command = command_of_image("HEALTHCHECK")
    assert command[:2] == ["python", "-c"]
    assert "http://localhost:3000/api/health" in command[2]


def test_it_runs_the_server_without_an_init_of_its_own() -> None:
    assert command_of_image("CMD") == ["python", "-m", "api"]
    assert not texts(FINAL, "ENTRYPOINT")
