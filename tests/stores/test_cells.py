"""Reading cells: whatever editors type, a value comes out or a problem is noted."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.airtable.cells import Cells, parse_day
from api._lib.airtable.content import METHODS
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.model import Field, Kind, Table

NAMES = ("text", "number", "links", "selects", "day", "list", "file")
TABLE = Table("test", "Test", tuple(Field(f"fld{name}", name, name, Kind.TEXT) for name in NAMES))
RECORD = "recAAAAAAAAAAAAAA"

cell = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def cells(**values: Any) -> Cells:
    fields = {f"fld{name}": value for name, value in values.items()}
    return Cells(TABLE, RemoteRecord(RECORD, "2026-01-04T09:00:00.000Z", fields))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-09", date(2026, 3, 9)),
        ("9/3/2026", date(2026, 3, 9)),
        ("09/03/2026", date(2026, 3, 9)),
        (" 2026-03-09 ", date(2026, 3, 9)),
        ("2026-03-09T23:30:00.000Z", date(2026, 3, 9)),
        ("2026-02-30", None),
        ("31/02/2026", None),
        ("9999-12-31", None),
        ("1/1/0001", None),
        ("maart", None),
        ("", None),
    ],
)
def test_days_are_read_in_the_two_forms_airtable_writes(text: str, day: date | None) -> None:
    assert parse_day(text) == day


@given(st.dictionaries(st.sampled_from(NAMES), cell))
def test_no_cell_breaks_the_reading(values: dict[str, Any]) -> None:
    row = cells(**values)
    text = row.text("text")
    assert text is None or "\0" not in text
    number = row.number("number")
    assert number is None or number == number
    assert 1 <= row.whole("number", 1, 10, 5) <= 10
    assert all(link.startswith("rec") for link in row.links("links"))
    row.selects("selects")
    row.day("day")
    row.moment("day")
    row.json_list("list")
    row.file("file")
    row.file("file", thumbnail=True)


@pytest.mark.parametrize("empty", [None, "", [], False])
def test_empty_cells_are_no_problem(empty: Any) -> None:
    row = cells(text=empty, number=empty, links=empty, day=empty, list=empty, file=empty)
    read = [row.text("text"), row.number("number"), row.day("day"), row.file("file")]
    assert read == [None] * 4
    assert row.links("links") == row.json_list("list") == []
    assert row.problems == []


def test_what_cannot_be_used_is_noted_without_its_value() -> None:
    row = cells(text={"a": 1}, number="veel", day="morgen", links=["geen record"], list="[oops")
    row.text("text")
    row.number("number")
    row.day("day")
    row.links("links")
    row.json_list("list")
    assert len(row.problems) == 5
    assert "morgen" not in " ".join(row.problems)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400])
def test_what_is_no_number_in_a_cell_is_neither_number_nor_text(value: object) -> None:
    row = cells(text=value, number=value)
    assert (row.text("text"), row.number("number")) == (None, None)
    assert len(row.problems) == 2


def test_zero_is_a_number_and_no_empty_cell() -> None:
    assert cells(number=0).number("number") == 0
    assert cells(text=0).text("text") == "0"


def test_a_photo_is_its_large_thumbnail_where_there_is_one() -> None:
    photo = {"id": "att1", "url": "https://a/b", "filename": "b.png", "size": 3}
    shown = {**photo, "thumbnails": {"large": {"url": "https://a/large"}}}
    for cell, url in ((photo, "https://a/b"), (shown, "https://a/large")):
        fields = {METHODS.field("photo").key: [cell]}
        row = Cells(METHODS, RemoteRecord(RECORD, "", fields))
        file = row.file("photo", thumbnail=True)
        assert file is not None
        assert (file.url, file.filename) == (url, "b.png")


def test_an_address_that_is_no_web_address_is_never_served() -> None:
    row = cells(file=[{"id": "att1", "url": "javascript:alert(1)", "filename": "b.png"}])
    assert row.file("file") is None
