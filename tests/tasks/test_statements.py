"""Splitting SQL into statements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.db.statements import split

PIECES = (
    "select 1",
    "select ';' || 'it''s'",
    r"select e'\'; commit'",
    'select 1 as ";"";"',
    "select $$;$$, $a$ $$ ; $a$",
    "select a$b$ from (select 1 as a$b$) x",
    "/* ; /* commit; */ ; */ select 2",
    "select 3 -- ; begin;\n + 4",
    "(select 5)",
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
)


@pytest.mark.parametrize("piece", PIECES)
def test_a_semicolon_in_text_comments_or_bodies_ends_nothing(piece: str) -> None:
    [statement] = split(f"\n ;; {piece} ; \n-- the end;\n/* ; */")
    assert statement.sql == piece.removeprefix("/* ; /* commit; */ ; */ ")
    assert not statement.controls_transaction


@given(st.lists(st.sampled_from(PIECES)))
def test_each_statement_is_found_where_it_stands(pieces: list[str]) -> None:
    sql = ";\n".join(pieces)
    found = split(sql)
    assert len(found) == len(pieces)
    for statement in found:
        assert sql[statement.offset :].startswith(statement.sql)


@given(st.text(alphabet="a;'\"$/*-\\\n (e"))
def test_no_text_breaks_the_splitter(sql: str) -> None:
    for statement in split(sql):
        assert sql[statement.offset :].startswith(statement.sql)
        assert statement.sql.strip() == statement.sql or statement.sql[-1:] in "'\"$\n "
