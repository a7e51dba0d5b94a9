"""What the tests of operators' tasks share."""

from pathlib import Path

import pytest

from tests.tasks.migrations import Tool


@pytest.fixture
def tool(tmp_path: Path, empty_database_url: str) -> Tool:
    """The migration tool with an empty folder of files and an empty database."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Tool(folder, empty_database_url)
