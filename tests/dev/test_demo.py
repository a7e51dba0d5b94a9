"""The demo base is whole: every table filled, every link and option known."""

from datetime import date

import pytest

from tasks.dev.airtable.ids import is_record_id
from tasks.dev.demo import DemoRecord, demo_base, demo_views
from tasks.dev.demo.records import schema, table_id
from tests.dev.demo_facts import cells

TODAY = date(2026, 3, 4)
EMPTY = {"Metingen", "Content"}
VIEWED = {"Methodes", "Doelstellingen", "Overtuigingen", "Goede gewoontes"}


@pytest.fixture(scope="module")
def base() -> dict[str, list[DemoRecord]]:
    return demo_base(TODAY)


def test_every_table_has_records_except_the_two_without_fields(
    base: dict[str, list[DemoRecord]],
) -> None:
    assert set(base) == {table.id for table in schema().tables}
    assert {schema().by_key[key].name for key, records in base.items() if not records} == EMPTY


def test_the_base_is_the_same_every_time_and_its_ids_are_valid_and_unique(
    base: dict[str, list[DemoRecord]],
) -> None:
    assert demo_base(TODAY) == base
    ids = [record["id"] for records in base.values() for record in records]
    assert all(map(is_record_id, ids))
    assert len(set(ids)) == len(ids)


def test_only_known_fields_are_written_and_none_that_airtable_fills_itself(
    base: dict[str, list[DemoRecord]],
) -> None:
    assert len(cells(base)) == sum(len(r["fields"]) for t in base.values() for r in t)
    assert not [f.name for f, _ in cells(base) if f.computed or f.derived]


def test_fields_go_by_id_except_the_app_id_and_translations(
    base: dict[str, list[DemoRecord]],
) -> None:
    by_name = {
        (schema().by_key[table].name, key)
        for table, records in base.items()
        for record in records
        for key in record["fields"]
        if key not in schema().fields
    }
    assert {table for table, key in by_name if key != "App ID"} == {"Vertalingen"}
    assert {key for table, key in by_name if table == "Vertalingen"} == {
        "Key",
        "nl",
        "fr",
        "en",
        "Context",
    }


def test_every_link_leads_to_a_record_of_the_right_table_and_names_it_once(
    base: dict[str, list[DemoRecord]],
) -> None:
    home = {record["id"]: table for table, records in base.items() for record in records}
    for field, cell in cells(base):
        if field.links_to:
            assert isinstance(cell, list)
            assert {home[target] for target in cell} == {field.links_to}
            assert len(set(cell)) == len(cell)


def test_linked_tables_come_first(base: dict[str, list[DemoRecord]]) -> None:
    order = list(base)
    for table in base:
        for key in {key for record in base[table] for key in record["fields"]}:
            target = schema().fields[key].links_to if key in schema().fields else None
            assert target is None or order.index(target) < order.index(table)


def test_every_option_is_known(base: dict[str, list[DemoRecord]]) -> None:
    for field, cell in cells(base):
        if field.choices is not None:
            chosen = cell if isinstance(cell, list) else [cell]
            assert set(chosen) <= {choice.name for choice in field.choices}


def test_the_app_views_order_their_tables_and_hide_a_record(
    base: dict[str, list[DemoRecord]],
) -> None:
    views = demo_views()
    assert set(views) == {table_id(name) for name in VIEWED}
    hidden = {}
    for table, order in views.items():
        ids = [record["id"] for record in base[table]]
        assert len(set(order)) == len(order)
        assert set(order) <= set(ids)
        hidden[schema().by_key[table].name] = len(ids) - len(order)
    assert hidden == {"Methodes": 1, "Doelstellingen": 0, "Overtuigingen": 1, "Goede gewoontes": 0}


def test_the_views_show_another_order_than_the_tables(base: dict[str, list[DemoRecord]]) -> None:
    views = demo_views()
    for name in VIEWED - {"Overtuigingen"}:
        order = views[table_id(name)]
        kept = [r["id"] for r in base[table_id(name)] if r["id"] in set(order)]
        assert kept != order
