"""Whether what people have done counts the same in both stores, for some of them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from api._lib.airtable.cells import Cells
from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import ENTITIES
from api._lib.db import Queries
from api._lib.sync.reconcile.model import Comparison, Kind
from api._lib.sync.reconcile.sides import Sides

SAMPLE = 50
COUNTED: Mapping[str, EntityType] = {
    "methods": EntityType.METHOD_USAGE,
    "habits": EntityType.GOEDE_GEWOONTE_USAGE,
    "goals": EntityType.PERSONAL_GOAL_USAGE,
    "beliefs": EntityType.OVERTUIGING_USAGE,
}


async def compare_parity(q: Queries, sides: Mapping[EntityType, Sides]) -> Comparison:
    """Count the activity of some people in both stores.

    Those with events that wait, or were sent after Airtable was read, are left out.
    """
    read_at = min(sides[kind].read_at for kind in COUNTED.values())
    people = await _some(q, read_at)
    result = Comparison("rewards", len(people), len(people))
    ours = {name: await _counted(q, kind, people) for name, kind in COUNTED.items()}
    for name, kind in COUNTED.items():
        ours[name].subtract(_unsendable(sides[kind]))
    theirs = {name: _remote(sides[kind], kind) for name, kind in COUNTED.items()}
    for user_id in people:
        fields = tuple(name for name in COUNTED if ours[name][user_id] != theirs[name][user_id])
        if fields:
            result.add(Kind.PARITY, entity_id=user_id, fields=fields)
        else:
            result.matched += 1
    return result


async def _some(q: Queries, read_at: datetime) -> list[str]:
    rows = await q.fetch(
        """SELECT u.id::text FROM users AS u
           WHERE u.status <> 'deleted' AND NOT EXISTS (
               SELECT FROM outbox_events AS e
               WHERE e.user_id = u.id AND (
                   e.status NOT IN ('processed', 'superseded') OR e.processed_at >= $2))
           ORDER BY random() LIMIT $1""",
        SAMPLE,
        read_at,
    )
    return sorted(row["id"] for row in rows)


async def _counted(q: Queries, kind: EntityType, people: list[str]) -> Counter[str]:
    rows = await q.fetch(
        f"""SELECT user_id::text AS id, count(*) AS count FROM {ENTITIES[kind].relation}
            WHERE user_id = ANY ($1::text[]) GROUP BY 1""",
        people,
    )
    return Counter({row["id"]: row["count"] for row in rows})


def _unsendable(sides: Sides) -> list[str]:
    return [sides.rows[key]["user"][0] for key in sides.unsendable]


def _remote(sides: Sides, kind: EntityType) -> Counter[str]:
    table = ENTITIES[kind].table
    owners = (Cells(table, record).link("user") for record in sides.records.values())
    return Counter(owner for owner in owners if owner)
