"""The list of settings is complete and true."""

import re

import msgspec

from api._lib.settings import AIRTABLE_TABLES, BACKEND_FLAGS, SECRET_FILES, Role, Settings
from api._lib.settings_loader import load_settings, table_variable
from tests.operations.files import ROOT

OTHER_NAMES = {"USE_LOCAL_REDIS", "SYNC_BATCH_SIZE"}
COMPUTED = {"airtable_tables", "backends", "warnings"}
LINE = re.compile(r"^(# )?([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)
REQUIRED = {"DATABASE_URL": "postgresql://x"}


def listed() -> dict[str, str | None]:
    """Names with their defaults, None for those that have none."""
    text = (ROOT / ".env.example").read_text()
    return {name: None if mark else value for mark, name, value in LINE.findall(text)}


def test_it_lists_every_setting_and_nothing_else() -> None:
    fields = {field.name for field in msgspec.structs.fields(Settings)} - COMPUTED
    names = {name.upper() for name in fields} | OTHER_NAMES
    names |= {f"DATA_BACKEND_{flag}" for flag in BACKEND_FLAGS}
    names |= {table_variable(table) for table in AIRTABLE_TABLES}
    assert set(listed()) == names


def test_every_value_is_the_default() -> None:
    values = {name: value for name, value in listed().items() if value is not None}
    given, defaults = (
        load_settings(values | REQUIRED, Role.TASK),
        load_settings(REQUIRED, Role.TASK),
    )
    assert given == defaults


def test_every_value_without_a_default_is_marked_so() -> None:
    values = {name for name, value in listed().items() if value is not None}
    assert all(value != "" for value in listed().values())
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        if field.name not in COMPUTED and field.default in (None, "", ()):
            assert name not in values or name == "TRUSTED_PROXIES", name


def test_secrets_are_said_to_come_from_files_too() -> None:
    sections = (ROOT / ".env.example").read_text().split("\n# --- ")
    for name in SECRET_FILES:
        assert any("(file)" in section and f"{name}=" in section for section in sections), name
