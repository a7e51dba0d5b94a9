"""The GitHub workflow: tests first, one image for both services, no literal address, no root."""

import re
from typing import Any

import pytest
import yaml

from tests.operations.files import ROOT

PATH = ROOT / ".github" / "workflows" / "deploy.yml"


@pytest.fixture
def jobs() -> dict[str, Any]:
    """The jobs of the workflow."""
    found: dict[str, Any] = yaml.safe_load(PATH.read_text())["jobs"]
    return found


def commands(job: dict[str, Any]) -> str:
    """Everything a job runs."""
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_nothing_is_deployed_untested(jobs: dict[str, Any]) -> None:
    assert (jobs["build"]["needs"], jobs["deploy"]["needs"]) == ("test", "build")
    assert "sh .ci/run" in commands(jobs["test"])
    assert jobs["build"]["if"] == "github.event_name == 'push'"


def test_the_image_carries_the_tag_of_its_commit_and_latest(jobs: dict[str, Any]) -> None:
    run = commands(jobs["build"])
    for tag in ('"$IMAGE:$GITHUB_SHA"', '"$IMAGE:latest"'):
        assert f"--tag {tag}" in run
        assert f"docker push {tag}" in run
    assert "--platform linux/amd64" in run


def test_G2_app_and_worker_are_both_updated_and_rolled_back(jobs: dict[str, Any]) -> None:
    steps = jobs["deploy"]["steps"]
    updates = [s["run"] for s in steps if "docker service update" in s.get("run", "")]
    assert [update.split()[-1] for update in updates] == ["mfa_app", "mfa_worker"]
    for update in updates:
        assert '--image "$IMAGE"' in update
        assert "--update-failure-action rollback" in update
        assert "--detach=false" in update
    last = steps[-1]
    assert last["if"] == "failure()"
    assert "docker service rollback" in last["run"]
    assert "mfa_app mfa_worker" in last["run"]


def test_G8_no_root_no_address_no_key_stands_in_the_file() -> None:
    text = PATH.read_text()
    assert not re.search(r"\b\d+\.\d+\.\d+\.\d+\b", text)
    assert not re.search(r"root@|BEGIN .*KEY", text)
    assert "ssh://${{ vars.DEPLOY_USER }}@${{ vars.DEPLOY_HOST }}" in text
    assert "StrictHostKeyChecking" not in text
