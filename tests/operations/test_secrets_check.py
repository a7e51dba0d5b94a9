"""Which secrets are set, told by name only."""

import subprocess
from pathlib import Path

import pytest

from tasks.secrets_check import SECRETS
from tests.operations.tools import executable, run_task

REQUIRED = [secret for secret in SECRETS if secret.is_required]


def swarm(folder: Path, *names: str) -> dict[str, str]:
    """A PATH where `docker secret ls` knows these names and `docker secret create` notes them."""
    listed = "\n".join(f"echo {name}" for name in names)
    script = f"""#!/bin/sh
        case "$2" in
            ls) {listed or ":"} ;;
            create) value=$(cat; echo .); value=${{value%.}}
                echo "$3 ${{#value}}" >> "{folder}/created.txt"
                printf %s "$value" > "{folder}/$3" ;;
        esac
        """
    executable(folder / "bin" / "docker", script)
    return {"PATH": f"{folder}/bin:/usr/bin:/bin"}


def test_a_first_install_gets_the_commands_for_everything(tmp_path: Path) -> None:
    environ = swarm(tmp_path)
    done = run_task(environ, "secrets_check.py")
    assert done.returncode == 1
    commands = made_by(done.stdout)
    assert len(commands) == len(SECRETS) + 1
    subprocess.run("\n".join(commands), shell=True, env=environ, check=True)
    made = dict(line.split() for line in (tmp_path / "created.txt").read_text().splitlines())
    assert set(made) == {secret.name for secret in SECRETS}
    assert int(made["mfa_jwt_secret"]) >= 33
    assert made["mfa_smtp_port"] == "1"
    password = (tmp_path / "mfa_postgres_password").read_text()
    assert len(password) == 48
    assert f"//mfa:{password}@mfa_postgres" in (tmp_path / "mfa_database_url").read_text()


def made_by(told: str) -> list[str]:
    """The commands that a task tells an operator to type."""
    return told.partition("missing ones:\n\n")[2].partition("\n\n")[0].splitlines()


@pytest.mark.parametrize("name", ["mfa_postgres_password", "mfa_database_url"])
def test_a_password_that_a_secret_holds_already_is_asked_for(tmp_path: Path, name: str) -> None:
    others = (secret.name for secret in SECRETS if secret.name != name)
    password, command = made_by(run_task(swarm(tmp_path, *others), "secrets_check.py").stdout)
    assert password == "PASSWORD='the one that the other secret holds'"
    assert command.endswith(f"docker secret create {name} -")


def test_a_complete_swarm_is_told_so_by_names_only(tmp_path: Path) -> None:
    environ = swarm(tmp_path, *(secret.name for secret in REQUIRED))
    done = run_task(environ, "secrets_check.py")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert all(["set", secret.name] in lines for secret in REQUIRED)
    assert ["optional", "mfa_metrics_token"] in lines


def test_a_missing_one_is_an_error(tmp_path: Path) -> None:
    environ = swarm(tmp_path, *(secret.name for secret in REQUIRED[1:]))
    done = run_task(environ, "secrets_check.py")
    assert done.returncode == 1
    assert f"MISSING  {REQUIRED[0].name}" in done.stdout


def test_a_process_is_asked_for_its_variables_and_files(tmp_path: Path) -> None:
    environ = {"PATH": "/bin"}
    for secret in REQUIRED:
        path = tmp_path / secret.variable
        path.write_text("" if secret.variable.startswith("SMTP_P") else "hush-hush\n")
        environ[f"{secret.variable}_FILE"] = str(path)
    del environ["JWT_SECRET_FILE"]
    done = run_task(environ | {"JWT_SECRET": "hush-hush"}, "secrets_check.py", "--environment")
    assert done.returncode == 0, done.stdout
    assert "hush" not in done.stdout
    assert "MISSING" not in done.stdout
    assert run_task(environ, "secrets_check.py", "--environment").returncode == 1


def test_a_swarm_that_does_not_answer_is_no_missing_secret(tmp_path: Path) -> None:
    executable(tmp_path / "docker", "#!/bin/sh\necho no swarm >&2; exit 1\n")
    done = run_task({"PATH": f"{tmp_path}:/bin"}, "secrets_check.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no swarm" in done.stderr


def test_new_push_keys_are_accepted_by_the_server() -> None:
    from api._lib.push_keys import VapidKeys

    done = run_task({"PATH": "/bin"}, "push_keys.py")
    pair = dict(line.split("=", 1) for line in done.stdout.splitlines())
    public, private = pair["WEB_PUSH_VAPID_PUBLIC_KEY"], pair["WEB_PUSH_VAPID_PRIVATE_KEY"]
    assert VapidKeys(public, private, "mailto:app@example.com").public_key == public
