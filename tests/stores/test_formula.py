"""Formulas: no value can change what is asked."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.airtable import formula
from tasks.dev.airtable.testing import AirtableServer

PLAIN = st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=30)


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "\x7f"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="control"):
        formula.literal(text)


@pytest.mark.parametrize("record_id", ["rec1", "recAAAAAAAAAAAAAA'", "", "tblAAAAAAAAAAAAAA"])
def test_6_8_only_record_ids_get_into_formulas(record_id: str) -> None:
    with pytest.raises(ValueError, match="record id"):
        formula.record_ids([record_id])


@pytest.mark.parametrize("title", ["a}b", "{", "a\nb"])
def test_field_names_cannot_end_their_braces(title: str) -> None:
    with pytest.raises(ValueError, match="field name"):
        formula.equals(title, "x")


@given(PLAIN)
def test_a_literal_ends_where_it_should(text: str) -> None:
    inner = formula.literal(text)[1:-1]
    assert inner.replace("\\\\", "").replace('\\"', "").count('"') == 0
    assert inner.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\") == text


def test_formulas_are_put_together() -> None:
    one, two = formula.equals("Naam", 'a"b\\'), formula.equals_ignoring_case("Mail", "A@B.be")
    assert one == '{Naam}="a\\"b\\\\"'
    assert two == 'LOWER({Mail})="a@b.be"'
    assert formula.any_of([one, two]) == f"OR({one},{two})"
    assert formula.none_of([one, two]) == f"NOT(OR({one},{two}))"
    assert formula.record_ids(["recAAAAAAAAAAAAAA"]) == "OR(RECORD_ID()='recAAAAAAAAAAAAAA')"


def test_a_moment_of_another_zone_is_told_in_utc() -> None:
    moment = datetime.fromisoformat("2026-03-02T00:30:00+01:00")
    assert "2026-03-01T23:30:00.000Z" in formula.modified_since(moment)


def test_changes_since_a_moment_are_found(airtable: AirtableServer) -> None:
    from pyairtable import Api

    airtable.control.create("Bedrijven", {"Bedrijfsnaam": "oud"})
    airtable.control.advance(3_600)
    new = airtable.control.create("Bedrijven", {"Bedrijfsnaam": "nieuw"})
    api = Api(airtable.token, endpoint_url=airtable.url, retry_strategy=None)
    moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() + 1_800, UTC)
    found = api.table(airtable.base_id, "Bedrijven").all(formula=formula.modified_since(moment))
    assert [record["id"] for record in found] == [new]
