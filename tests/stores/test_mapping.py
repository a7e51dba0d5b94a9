"""The mapping fits the base, the database and itself."""

from uuid import uuid4

import pytest

from api._lib.airtable.entities import RANKS, EntityType
from api._lib.airtable.mapping import (
    CONTENT_TABLES,
    ENTITIES,
    RELATIONS,
    TABLES,
    WRITABLE_TABLES,
    children_of,
)
from api._lib.airtable.model import Entity, Kind, Owner, Table
from api._lib.airtable.schema import COMPUTED
from api._lib.db import Database
from api._lib.settings import AIRTABLE_TABLES
from tasks.dev.airtable.schema import load_schema


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.key)
def test_tables_and_fields_exist_in_the_base(table: Table) -> None:
    found = load_schema().table(AIRTABLE_TABLES[table.key])
    assert found is not None
    assert found.name == table.title
    assert [view.name for view in found.views if view.name == "App"] == (
        [table.view] * bool(table.view)
    )
    for field in table.fields:
        stored = found.field(field.key)
        assert stored is not None
        assert stored.name == field.title
        assert (stored.type in COMPUTED) <= field.computed
        if field.links_to:
            assert stored.links_to == AIRTABLE_TABLES[field.links_to]


def test_there_are_nine_writable_tables_and_all_have_app_id() -> None:
    assert len(WRITABLE_TABLES) == len(ENTITIES) == 9
    schema = load_schema()
    for table in WRITABLE_TABLES:
        found = schema.table(AIRTABLE_TABLES[table.key])
        assert found is not None
        assert found.field("App ID") is not None


def test_every_kind_has_a_rank_above_its_parents() -> None:
    assert ENTITIES.keys() == RANKS.keys() == set(EntityType)
    for entity in ENTITIES.values():
        for parent in entity.parents:
            assert RANKS[parent.entity] < RANKS[entity.type]
            assert (entity, parent) in children_of(parent.entity)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.type)
async def test_the_query_of_an_entity_yields_its_fields(entity: Entity, db: Database) -> None:
    wanted = "recNOBODY00000000" if entity.type is EntityType.USER else str(uuid4())
    assert await db.fetch(entity.query, [wanted]) == []
    async with db.connection() as connection:
        statement = await connection.prepare(entity.query)
        columns = {attribute.name for attribute in statement.get_attributes()}
    ours = {field.name for field in (*entity.owned, *entity.shared)}
    assert columns == ours | {"id"}


def test_content_belongs_to_airtable() -> None:
    for table in CONTENT_TABLES:
        assert {field.owner for field in table.fields} == {Owner.AIRTABLE}


async def test_links_lead_to_known_relations(db: Database) -> None:
    for entity in ENTITIES.values():
        parents = {parent.field for parent in entity.parents}
        for field in entity.owned:
            if field.kind is Kind.LINKS and field.name not in parents:
                assert field.links_to in RELATIONS
    for relation in RELATIONS.values():
        await db.fetch(f"SELECT * FROM {relation} LIMIT 0")


def test_6_2_no_field_is_written_twice() -> None:
    for entity in ENTITIES.values():
        keys = [field.key for field in (*entity.owned, *entity.shared)]
        assert len(keys) == len(set(keys))
