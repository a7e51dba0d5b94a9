"""The formula language on its own."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyairtable.formulas import EQ, Field, match, quoted

from tasks.dev.airtable.formula import FormulaError, compile_formula, truthy
from tasks.dev.airtable.formula.values import Value, before, same

CELLS: dict[str, Value] = {
    "Name": "Ann",
    "Mail": " Ann@Example.test ",
    "Empty": None,
    "Points": 12,
    "Day": datetime(2026, 1, 5, tzinfo=UTC),
    "Links": ("Body scan", "Rest, deeply"),
    "Nameless": ("", ""),
    "It's {odd}": "x",
}


class Row:
    """A record with the cells above."""

    def record_id(self) -> str:
        return "recAAAAAAAAAAAAAA"

    def created(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)

    def modified(self) -> datetime:
        return datetime(2026, 1, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 18, 30, tzinfo=UTC)

    def value(self, field: str) -> Value:
        return CELLS[field]


def run(source: str) -> Value:
    return compile_formula(source, set(CELLS)).run(Row())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", 5),
        ("(1 + 2) * -3", -9),
        ("1 / 0", None),
        ("'a' & 1 & \"b\"", "a1b"),
        ("{Name} & ' ' & {Points}", "Ann 12"),
        ("Name", "Ann"),
        ("LOWER(TRIM({Mail})) = 'ann@example.test'", True),
        ("UPPER({Name})", "ANN"),
        ("LEN({Name})", 3),
        ("{Empty} = BLANK()", True),
        ("{Empty} = ''", True),
        ("{Empty} = 0", True),
        ("{Name} = BLANK()", False),
        ("{Points} = '12'", True),
        ("{Points} > 9", True),
        ("{Points} <= 12", True),
        ("{Points} <> 12", False),
        ("'b' > 'a'", True),
        ("'a' != 'a'", False),
        ("AND({Name} = 'Ann', NOT({Points} < 5))", True),
        ("OR({Empty}, 0, '')", False),
        ("XOR(TRUE(), FALSE())", True),
        ("IF({Points} > 10, 'many', 'few')", "many"),
        ("IF({Empty}, 'x')", None),
        ("{Links} = 'Body scan, \"Rest, deeply\"'", True),
        ("ARRAYJOIN({Links}, ' + ')", "Body scan + Rest, deeply"),
        ("ARRAYJOIN({Name})", "Ann"),
        ("FIND('scan', ARRAYJOIN({Links}))", 6),
        ("FIND('nothing', {Name})", 0),
        ("SEARCH('NN', {Name})", 2),
        ("SEARCH('x', {Name})", None),
        ("COUNTA({Links})", 2),
        ("COUNTA({Nameless})", 2),
        ("COUNTA({Empty}, {Name}, 0)", 2),
        ("SUM(1, {Empty}, {Points})", 13),
        ("VALUE('4 weken') * 7", 28),
        ("VALUE('none')", None),
        ("CONCATENATE({Name}, '-', 1)", "Ann-1"),
        ("RECORD_ID() = 'recAAAAAAAAAAAAAA'", True),
        ("DATESTR({Day})", "2026-01-05"),
        ("DATETIME_FORMAT({Day}, 'DD/MM/YYYY')", "05/01/2026"),
        ("DATETIME_FORMAT({Empty}, 'YYYY')", None),
        ("DATESTR(DATEADD({Day}, 27, 'days'))", "2026-02-01"),
        ("DATESTR(DATEADD({Day}, -1, 'week'))", "2025-12-29"),
        ("DATESTR(DATEADD('2026-01-31', 1, 'month'))", "2026-02-28"),
        ("DATESTR(DATEADD('2024-02-29', 1, 'years'))", "2025-02-28"),
        ("DATEADD({Empty}, 1, 'day')", None),
        ("{Day} = DATETIME_PARSE('2026-01-05')", True),
        ("{Day} >= DATETIME_PARSE('2026-01-06')", False),
        ("IS_SAME({Day}, '2026-01-05', 'day')", True),
        ("IS_SAME(NOW(), TODAY(), 'day')", True),
        ("IS_SAME(NOW(), TODAY())", False),
        ("IS_SAME({Empty}, TODAY(), 'day')", False),
        ("IS_BEFORE(CREATED_TIME(), LAST_MODIFIED_TIME())", True),
        ("IS_AFTER(LAST_MODIFIED_TIME(), '2026-01-02T11:59:59.000Z')", True),
        ("IS_AFTER(LAST_MODIFIED_TIME(), {Empty})", False),
        ("LAST_MODIFIED_TIME() >= '2026-01-02T12:00:00.000Z'", True),
        ("LAST_MODIFIED_TIME() > '2026-01-02T12:00:00.000Z'", False),
        (r"'it\'s' = " '"it\'s"', True),
        (r"'a\\b' & '\n'", "a\\b\n"),
        (r"{It's {odd\}} = 'x'", True),
    ],
)
def test_a_formula_gives(source: str, expected: Value) -> None:
    assert run(source) == expected


def test_a_date_is_not_equal_to_its_text() -> None:
    assert run("{Day} = '2026-01-05'") is False
    assert run("{Day} = '2026-01-05T00:00:00.000Z'") is True


@pytest.mark.parametrize(
    "source", ["", "1 +", "(1", "1)", "{Unknown}", "Unknown", "NOSUCH(1)", "LOWER()", "'a", "1 ~ 2",
               "LOWER('a' 'b')", "IS_SAME(1)", "{}"],
)  # fmt: skip
def test_a_broken_formula_raises(source: str) -> None:
    with pytest.raises(FormulaError):
        compile_formula(source, set(CELLS))


@given(st.text())
def test_any_text_survives_quoting(value: str) -> None:
    assert run(quoted(value)) == value


@given(st.text(alphabet="ab{}()'\"\\ =,1", max_size=12))
def test_nonsense_is_refused_and_never_crashes(source: str) -> None:
    try:
        compiled = compile_formula(source, set(CELLS))
    except FormulaError:
        return
    compiled.run(Row())


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.datetimes(
    timezones=st.just(UTC)), st.lists(st.text(max_size=3), max_size=2).map(tuple))  # fmt: skip


@given(VALUES, VALUES)
def test_comparisons_are_symmetric_and_exclusive(left: Value, right: Value) -> None:
    assert same(left, right) == same(right, left)
    assert same(left, left)
    assert [same(left, right), before(left, right), before(right, left)].count(True) == 1


def test_the_formulas_of_the_client_library_are_understood() -> None:
    assert run(str(match({"Name": "Ann", "Points": (">=", 12)}))) is True
    assert run(str(EQ(Field("It's {odd}"), "x"))) is True
    assert run(str(match({"Day": datetime(2026, 1, 5, tzinfo=UTC)}))) is True


def test_a_fetch_by_ids_is_recognised() -> None:
    ids = compile_formula("OR(RECORD_ID()='recA', 'recB'=RECORD_ID())", set()).only_ids
    assert ids == frozenset({"recA", "recB"})
    assert compile_formula("OR(RECORD_ID()='recA', {Name}='x')", {"Name"}).only_ids is None
    assert compile_formula("AND(RECORD_ID()='recA')", set()).only_ids is None


def test_blank_zero_and_empty_filter_a_record_out() -> None:
    empty: list[Value] = [None, 0, "", (), False]
    full: list[Value] = [1, "x", True, ("",), datetime.now(UTC)]
    assert not any(map(truthy, empty))
    assert all(map(truthy, full))
