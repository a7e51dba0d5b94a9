"""Two-way links: both sides agree after every write, deletion and refusal."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.dev.airtable.schema import load_schema
from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import GOALS, METHODS, NOWHERE, PROGRAMS, SESSIONS, TICKS, USERS

METHODS_OF = "Doelstellingen (gekoppeld)"


def cell(airtable: AirtableServer, table: str, record: str, field: str) -> Any:
    return airtable.control.record(table, record)["fields"].get(field)


def test_every_link_field_has_its_other_side() -> None:
    schema = load_schema()
    links = [field for field in schema.fields.values() if field.links_to]
    for field in links:
        other = schema.fields[field.inverse or ""]
        assert other.inverse == field.id
        assert other.links_to == schema.home[field.id].id
        assert other.derived != field.derived


def test_writing_the_child_fills_the_parent(airtable: AirtableServer) -> None:
    control = airtable.control
    program = control.create(PROGRAMS, {})
    session = control.create(SESSIONS, {"Mentale Fitnessprogramma": [program]})
    assert cell(airtable, PROGRAMS, program, "Programmaplanning") == [session]
    control.edit(SESSIONS, session, {"Mentale Fitnessprogramma": []})
    assert cell(airtable, PROGRAMS, program, "Programmaplanning") is None


def test_writing_the_parent_fills_the_child(airtable: AirtableServer, http: httpx.Client) -> None:
    control = airtable.control
    goal = control.create(GOALS, {})
    a, b = (control.create(METHODS, {}) for _ in range(2))
    http.patch(f"{GOALS}/{goal}", json={"fields": {"Methodes": [a, b]}})
    assert cell(airtable, METHODS, a, METHODS_OF) == [goal]
    http.patch(f"{GOALS}/{goal}", json={"fields": {"Methodes": [b]}})
    assert cell(airtable, METHODS, a, METHODS_OF) is None
    assert cell(airtable, METHODS, b, METHODS_OF) == [goal]


def test_a_link_list_is_replaced_as_a_whole_and_holds_each_record_once(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    a, b = (airtable.control.create(METHODS, {}) for _ in range(2))
    created = http.post(SESSIONS, json={"fields": {"Beoogde methodes": [b, a, b]}}).json()
    assert created["fields"]["Beoogde methodes"] == [b, a]
    session = f"{SESSIONS}/{created['id']}"
    answer = http.patch(session, json={"fields": {"Beoogde methodes": [a]}}).json()
    assert answer["fields"]["Beoogde methodes"] == [a]


def test_deleting_the_parent_only_empties_the_links_of_the_child(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    program = airtable.control.create(PROGRAMS, {"Gebruiker": [user]})
    session = airtable.control.create(SESSIONS, {"Mentale Fitnessprogramma": [program]})
    http.delete(f"{PROGRAMS}/{program}")
    assert airtable.control.record(SESSIONS, session)["fields"] == {}
    assert cell(airtable, USERS, user, "Mentale Fitnessprogramma's") is None


def test_deleting_the_child_shortens_the_list_of_the_parent(airtable: AirtableServer) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    ticks = [airtable.control.create(TICKS, {"Gebruikers": [user]}) for _ in range(3)]
    airtable.control.delete(TICKS, ticks[1])
    assert cell(airtable, USERS, user, "Goede gewoontes gebruik") == [ticks[0], ticks[2]]


def test_a_changed_child_keeps_its_place_in_the_list(airtable: AirtableServer) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    ticks = [airtable.control.create(TICKS, {"Gebruikers": [user]}) for _ in range(3)]
    airtable.control.edit(TICKS, ticks[0], {"Datum": "2026-01-05"})
    assert cell(airtable, USERS, user, "Goede gewoontes gebruik") == ticks


def test_a_refused_batch_leaves_both_sides_alone(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    records = [{"fields": {"Gebruikers": [user]}}, {"fields": {"Gebruikers": [NOWHERE]}}]
    assert http.post(TICKS, json={"records": records}).status_code == 422
    assert cell(airtable, USERS, user, "Goede gewoontes gebruik") is None


def test_the_parent_and_the_child_change_in_one_batch(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    a, b = (airtable.control.create(GOALS, {}) for _ in range(2))
    method = airtable.control.create(METHODS, {METHODS_OF: [a]})
    changes = [{"id": a, "fields": {"Methodes": []}}, {"id": b, "fields": {"Methodes": [method]}}]
    assert http.patch(GOALS, json={"records": changes}).status_code == 200
    assert cell(airtable, METHODS, method, METHODS_OF) == [b]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("child", "parent", "delete child", "delete parent", "refused")),
        st.integers(0, 3),
        st.lists(st.integers(0, 3), max_size=4),
    ),
    max_size=12,
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_both_sides_always_agree(
    airtable: AirtableServer, steps: list[tuple[str, int, list[int]]]
) -> None:
    control = airtable.control
    control.reset()
    goals = [control.create(GOALS, {}) for _ in range(4)]
    methods = [control.create(METHODS, {}) for _ in range(4)]
    for action, index, targets in steps:
        table, ours, theirs = (METHODS, methods, goals) if "child" in action else (
            (GOALS, goals, methods)
        )  # fmt: skip
        field = METHODS_OF if table == METHODS else "Methodes"
        if index >= len(ours):
            continue
        if action.startswith("delete"):
            control.delete(table, ours.pop(index))
            continue
        wanted = list(dict.fromkeys(theirs[t] for t in targets if t < len(theirs)))
        if action == "refused":
            with pytest.raises(Exception, match="does not exist"):
                control.edit(table, ours[index], {field: [*wanted, NOWHERE]})
            continue
        control.edit(table, ours[index], {field: wanted})
        assert sorted(cell(airtable, table, ours[index], field) or []) == sorted(wanted)
    from_goals = {(g, m) for g in goals for m in cell(airtable, GOALS, g, "Methodes") or []}
    from_methods = {(g, m) for m in methods for g in cell(airtable, METHODS, m, METHODS_OF) or []}
    assert from_goals == from_methods
