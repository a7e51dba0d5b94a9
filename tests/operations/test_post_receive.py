"""Deploying by a push: the hook runs for real, on a stand-in for Docker that notes its calls."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.operations.tools import executable

HOOK = Path(__file__).parent.parent.parent / "tasks" / "post-receive"
DOCKER = """#!/bin/sh
echo "$*" >> "{calls}"
case "$*" in
    build*) grep -q committed Dockerfile || exit 1; [ ! -e old.txt ] || exit 1 ;;
    "stack deploy"*) echo "$MFA_IMAGE $MFA_DOMAIN" >> "{calls}" ;;
    "service ps"*) echo "$(tail -n 1 "{image}") Running 2 seconds ago" ;;
    ps*) [ -n "$NO_TASK" ] || echo 0123456789ab ;;
    exec*) exit ${{PENDING:-0}} ;;
esac
case "$*" in
    build*) echo "$*" | sed 's/.*--tag \\([^ ]*\\) --tag.*/\\1/' > "{image}" ;;
    "$FAILS"*) echo "no" >&2; exit 1 ;;
esac
"""


class Server:
    """A bare repository with the hook, and a clone to push from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls.txt"
        self.source = folder / "source"
        script = DOCKER.format(calls=self.calls_file, image=folder / "image.txt")
        executable(folder / "bin" / "docker", script)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", "bare.git", at=folder)
        self.git("init", "--quiet", "--initial-branch=main", "clone", at=folder)
        self.clone = folder / "clone"
        shutil.copy(HOOK, folder / "bare.git" / "hooks" / "post-receive")
        self.commit("Dockerfile", "committed")

    def git(
        self, *arguments: str, at: Path | None = None, more: Mapping[str, str] | None = None
    ) -> str:
        """Run git; what it and the hook say."""
        environ = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "MFA_SOURCE": str(self.source),
            "MFA_DOMAIN": "mfa.example.org",
            "MFA_PATIENCE": "1",
            "FAILS": "nothing",
        }
        done = subprocess.run(
            ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments],
            cwd=at or self.clone,
            env=environ | dict(more or {}),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip() + done.stderr.replace("remote: ", "")

    def commit(self, name: str, content: str) -> None:
        """Commit a file."""
        (self.clone / name).write_text(content)
        self.git("add", name)
        self.git("commit", "--quiet", "-m", "Change")

    def push(self, branch: str = "main", **more: str) -> str:
        """Push, and what the hook says about it."""
        return self.git("push", "../bare.git", f"HEAD:{branch}", more=more)

    @property
    def calls(self) -> list[str]:
        """What Docker was asked."""
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server to push to."""
    return Server(tmp_path)


def test_a_push_is_built_pushed_deployed_and_looked_at(server: Server) -> None:
    said = server.push()
    commit = server.git("rev-parse", "HEAD")
    image = f"registry.example.com/mfa:{commit[:12]}"
    build, push, latest, deploy, environ, *rest = server.calls
    assert build == (
        f"build --platform linux/amd64 --build-arg APP_VERSION={commit[:12]} "
        f"--build-arg APP_COMMIT={commit} --tag {image} --tag registry.example.com/mfa:latest ."
    )
    assert (push, latest) == (f"push {image}", "push registry.example.com/mfa:latest")
    assert deploy == "stack deploy --with-registry-auth -c docker-compose.yml mfa"
    assert environ == f"{image} mfa.example.org"
    assert [call.split()[2] for call in rest if call.startswith("service ps")] == [
        "mfa_app",
        "mfa_worker",
    ]
    assert rest[-1] == "exec 0123456789ab python tasks/db_migrate.py status --check"
    assert "no migrations are pending" in said
    assert "deploy: done" in said


def test_files_of_older_commits_never_reach_the_image(server: Server) -> None:
    server.commit("old.txt", "old")
    assert "stopped" in server.push()
    server.git("rm", "--quiet", "old.txt")
    server.git("commit", "--quiet", "-m", "Remove")
    assert "deploy: done" in server.push()


def test_a_built_client_and_the_extras_are_taken_along(server: Server, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "index.html").write_text("<html>")
    server.push(MFA_CLIENT=str(tmp_path / "built"), MFA_EXTRAS="docker-compose.extras.yml")
    assert (server.source / "client" / "index.html").is_file()
    deploy = next(call for call in server.calls if call.startswith("stack deploy"))
    assert deploy.endswith("-c docker-compose.yml -c docker-compose.extras.yml mfa")


def test_pending_migrations_are_told_and_do_not_run(server: Server) -> None:
    said = server.push(PENDING="10")
    assert "MIGRATIONS ARE PENDING" in said
    assert sum(call.startswith("exec") for call in server.calls) == 1


def test_files_that_do_not_fit_the_database_are_told(server: Server) -> None:
    said = server.push(PENDING="2")
    assert "do not fit what was applied" in said
    assert "deploy: done" not in said


@pytest.mark.parametrize(
    ("step", "sentence", "next_step"),
    [
        ("push registry", "The registry registry.example.com did not take the image", "stack"),
        ("stack deploy", "Swarm refused the stack", "service"),
        ("exec", "The state of the migrations could not be read", "nothing"),
    ],
)
def test_the_first_failing_step_stops_the_rest_with_a_sentence(
    server: Server, step: str, sentence: str, next_step: str
) -> None:
    said = server.push(FAILS=step, PENDING="1" if step == "exec" else "0")
    assert f"deploy: stopped. {sentence}" in said
    assert not any(call.startswith(next_step) for call in server.calls)
    assert "deploy: done" not in said


def test_an_app_that_runs_elsewhere_is_not_mistaken_for_a_migrated_one(server: Server) -> None:
    assert "stopped. No app task runs on this machine" in server.push(NO_TASK="1")


def test_a_version_that_does_not_come_up_is_told(server: Server, tmp_path: Path) -> None:
    script = (tmp_path / "bin" / "docker").read_text().replace("Running", "Starting")
    executable(tmp_path / "bin" / "docker", script)
    assert "deploy: stopped. The new app is not healthy after 1 s." in server.push()
    rolled_back = script.replace(
        "    ps*)", '    "service inspect"*) echo rollback_completed ;;\n    ps*)'
    )
    executable(tmp_path / "bin" / "docker", rolled_back)
    server.commit("Dockerfile", "committed again")
    assert "so Swarm went back to the old one" in server.push()


def test_other_branches_and_deletions_deploy_nothing(server: Server) -> None:
    assert "nothing to do" in server.push("feature")
    assert "nothing to do" in server.git("push", "../bare.git", "--delete", "feature")
    assert server.calls == []
