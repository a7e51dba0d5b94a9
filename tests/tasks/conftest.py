"""What the tests of operators' tasks share."""

from pathlib import Path

import pytest

from tests.tasks.migrations import FIRST, SECOND, Tool


@pytest.fixture
def tool(tmp_path: Path, empty_database_url: str) -> Tool:
    """The migration tool with an empty folder of files and an empty database."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Tool(folder, empty_database_url)


@pytest.fixture
def two(tool: Tool) -> Tool:
    """The tool with two files."""
    tool.write(n0001_first=FIRST, n0002_second=SECOND)
    return tool
