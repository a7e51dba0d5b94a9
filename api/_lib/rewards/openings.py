"""Storing what people bring from Airtable when they first come here (rewards 8.2)."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import structs

from api._lib.db import Transaction
from api._lib.rewards.rules.opening import Opening

# Nothing here was earned just now, so all of it counts as told; streak bonuses are not listed.
_OPEN = """
WITH brought AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS b(
        user_id text, bonus_points int, current_streak int, longest_streak int,
        last_active_on date, level smallint, total_points int, mental_fitness_score int,
        personal_goals_score int, good_habits_score int, badges text[])
), opened AS (
    INSERT INTO user_rewards (user_id, bonus_points, current_streak, longest_streak,
                              last_active_on, level, total_points, mental_fitness_score,
                              personal_goals_score, good_habits_score)
    SELECT user_id, bonus_points, current_streak, longest_streak, last_active_on, level,
           total_points, mental_fitness_score, personal_goals_score, good_habits_score
    FROM brought
    ON CONFLICT (user_id) DO NOTHING
    RETURNING user_id::text
)
INSERT INTO reward_ledger (user_id, kind, ref, points, announced_at)
SELECT user_id, entry.kind, entry.ref, entry.points, $2
FROM brought JOIN opened USING (user_id)
CROSS JOIN LATERAL (
    SELECT 0 AS place, 'opening_balance' AS kind, 'airtable' AS ref, bonus_points AS points
    WHERE bonus_points > 0
    UNION ALL
    SELECT 0, 'level', level::text, 0 WHERE level > 1
    UNION ALL
    SELECT badge.place, 'badge', badge.id, 0
    FROM unnest(badges) WITH ORDINALITY AS badge(id, place)
) AS entry
ORDER BY user_id, entry.place
ON CONFLICT (user_id, kind, ref) DO NOTHING"""


async def open_accounts(tx: Transaction, openings: Mapping[str, Opening], now: datetime) -> None:
    """Give new people their rewards rows, with what they had before."""
    rows = [
        structs.asdict(opening.account) | {"user_id": user_id, "badges": opening.badges}
        for user_id, opening in openings.items()
    ]
    await tx.execute(_OPEN, rows, now)
