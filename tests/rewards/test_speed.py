"""A long-time user waits no longer than a new one."""

import json
from datetime import date
from typing import Any

import pytest

from api._lib.db import Database
from api._lib.rewards import queries
from tests.scale import scaled
from tests.tracking.seed import add_content

COUNT, PEOPLE = scaled(5_000, soak=50_000), scaled(20, soak=200)
TODAY = date(2026, 3, 4)
ANN = "recAnn00000000001"
SEED = """
WITH person AS (
    INSERT INTO users (id, email, name) VALUES ('recAnn00000000001', 'ann@example.com', 'Ann')
    RETURNING id
), account AS (
    INSERT INTO user_rewards (user_id, level) SELECT id, 10 FROM person
), program AS (
    INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label, status)
    SELECT person.id, '2022-01-03'::date + 28 * n, '2022-01-30'::date + 28 * n, 4, '4 weken',
           'Afgewerkt'
    FROM person, generate_series(0, 53) AS n
    RETURNING id, user_id, start_date
), session AS (
    INSERT INTO program_sessions (program_id, session_date)
    SELECT id, start_date + 2 * n FROM program, generate_series(0, 13) AS n
    RETURNING id, program_id, session_date
), planned AS (
    INSERT INTO session_methods (session_id, method_id, position)
    SELECT id, 'recMeth0000000000', 0 FROM session
), in_session AS (
    INSERT INTO method_completions
        (user_id, method_id, program_id, session_id, completed_on, points)
    SELECT 'recAnn00000000001', 'recMeth0000000000', program_id, id, session_date, 8 FROM session
), method AS (
    INSERT INTO method_completions (user_id, method_id, completed_on, points)
    SELECT person.id, 'recMeth0000000001', '2022-01-01'::date + n % 1500, 5
    FROM person, generate_series(1, {methods}) AS n
), habit AS (
    INSERT INTO habit_completions (user_id, habit_id, completed_on)
    SELECT person.id, 'recHabit00000000' || n % 4, '2000-01-01'::date + n / 4
    FROM person, generate_series(1, {habits}) AS n
), goal AS (
    INSERT INTO personal_goals (user_id, name) SELECT id, 'Lopen' FROM person RETURNING id, user_id
)
INSERT INTO personal_goal_completions (user_id, personal_goal_id, completed_on)
SELECT user_id, id, '2022-01-01'::date + n % 1500 FROM goal, generate_series(1, {goals}) AS n
"""

OTHERS = """
WITH person AS (
    INSERT INTO users (id, email, name)
    SELECT 'recOther' || lpad(n::text, 9, '0'), n || '@example.com', 'Iemand'
    FROM generate_series(1, {people}) AS n
    RETURNING id
)
INSERT INTO method_completions (user_id, method_id, completed_on, points)
SELECT id, 'recMeth0000000000', '2025-01-01'::date + n % 400, 8
FROM person, generate_series(1, 500) AS n
ORDER BY n
"""


async def milliseconds(db: Database, sql: str, *args: object) -> float:
    """Time the database spends on a statement, planning included; the best of ten."""
    runs: list[float] = []
    for _ in range(10):
        plan: Any = await db.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", *args)
        [report] = json.loads(plan) if isinstance(plan, str) else plan
        runs.append(report["Planning Time"] + report["Execution Time"])
    return min(runs)


@pytest.mark.soak
@pytest.mark.parametrize(
    "counts",
    [
        {"methods": COUNT // 2, "habits": COUNT * 3 // 10, "goals": COUNT // 5},
        {"methods": COUNT, "habits": 0, "goals": 0},
    ],
)
async def test_rewards_of_50_000_completions_take_less_than_20_ms(
    db: Database, counts: dict[str, int]
) -> None:
    await add_content(db)
    await db.execute(OTHERS.format(people=PEOPLE))
    await db.execute(SEED.format(**counts))
    await db.execute("ANALYZE")
    assert await milliseconds(db, queries.READ, ANN, TODAY) < 20
