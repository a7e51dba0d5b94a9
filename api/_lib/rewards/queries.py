"""The SQL that counts a person's rewards."""

# $1 user, $2 the user's today
_ACCOUNT = """
    r.bonus_points, r.current_streak, r.longest_streak, r.last_active_on, r.streak_anchor_on,
    r.level, r.total_points, r.mental_fitness_score, r.personal_goals_score, r.good_habits_score,
    method.count AS methods, method.points AS method_points,
    (SELECT count(*) FROM habit_completions WHERE user_id = $1) AS habits,
    (SELECT count(*) FROM personal_goal_completions WHERE user_id = $1) AS goals,
    ledger.points AS ledger_points, ledger.badges,
    session.dates AS sessions"""

_METHODS = """
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, coalesce(sum(points), 0) AS points
        FROM method_completions WHERE user_id = $1
    ) AS method"""

_LEDGER = """
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(points), 0) AS points,
               coalesce(array_agg(ref ORDER BY created_at, id) FILTER (WHERE kind = 'badge'), '{}')
                   AS badges,
               coalesce(array_agg(ref) FILTER (WHERE kind = 'streak'), '{}') AS streaks,
               count(*) FILTER (WHERE kind = 'milestone' AND ref LIKE '%:100') AS completed
        FROM reward_ledger WHERE user_id = $1
    ) AS ledger"""

# Sessions without planned methods are no part of the streak (rewards 5.2).
_SESSIONS = """
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_array(s.session_date, done.first_on)), '[]') AS dates
        FROM programs AS p
        JOIN program_sessions AS s ON s.program_id = p.id
        CROSS JOIN LATERAL (
            SELECT min(c.completed_on) AS first_on
            FROM method_completions AS c WHERE c.session_id = s.id
        ) AS done
        WHERE p.user_id = $1 AND s.session_date <= $2
          AND (r.streak_anchor_on IS NULL OR s.session_date >= r.streak_anchor_on)
          AND EXISTS (SELECT FROM session_methods AS m WHERE m.session_id = s.id)
    ) AS session"""

READ = f"""
SELECT {_ACCOUNT}
FROM user_rewards AS r {_METHODS} {_LEDGER} {_SESSIONS}
WHERE r.user_id = $1"""

# Programs that are more than the draft the wizard leaves behind (programs 2.4).
_PROGRAMS_STARTED = """(
    SELECT count(*) FROM programs AS p
    WHERE p.user_id = $1 AND p.start_date <= $2 AND (
        p.creation_type <> 'Manueel' OR p.notes IS NOT NULL
        OR EXISTS (SELECT FROM program_goals WHERE program_id = p.id)
        OR EXISTS (SELECT FROM program_days WHERE program_id = p.id)
        OR EXISTS (SELECT FROM program_methods WHERE program_id = p.id)
        OR EXISTS (SELECT FROM program_beliefs WHERE program_id = p.id)
        OR EXISTS (SELECT FROM program_sessions WHERE program_id = p.id)
        OR EXISTS (SELECT FROM method_completions WHERE program_id = p.id)
        OR EXISTS (SELECT FROM belief_completions WHERE program_id = p.id)))"""

_MONTHS_ACTIVE = """(
    SELECT count(DISTINCT date_trunc('month', completed_on::timestamp))
    FROM method_completions WHERE user_id = $1)"""

_FIRST_WEEK_DONE = """EXISTS (
    SELECT FROM programs AS p
    JOIN program_sessions AS s ON s.program_id = p.id
        AND s.session_date BETWEEN p.start_date AND p.start_date + 6
    JOIN session_methods AS m ON m.session_id = s.id
    WHERE p.user_id = $1
    GROUP BY p.id
    HAVING bool_and(EXISTS (
        SELECT FROM method_completions AS c
        WHERE c.session_id = s.id AND c.method_id = m.method_id)))"""

_ALL_KINDS_IN_ONE_WEEK = """EXISTS (
    SELECT FROM (
        SELECT DISTINCT date_trunc('week', completed_on::timestamp)::date AS monday
        FROM personal_goal_completions WHERE user_id = $1
    ) AS week
    WHERE EXISTS (SELECT FROM habit_completions AS h WHERE h.user_id = $1
                  AND h.completed_on BETWEEN week.monday AND week.monday + 6)
      AND EXISTS (SELECT FROM method_completions AS c WHERE c.user_id = $1
                  AND c.completed_on BETWEEN week.monday AND week.monday + 6))"""

_PROGRESS = """
    LEFT JOIN LATERAL (
        SELECT count(*) AS planned,
               count(*) FILTER (WHERE EXISTS (
                   SELECT FROM method_completions AS c
                   WHERE c.session_id = s.id AND c.method_id = m.method_id))
               + (SELECT count(*) FROM method_completions
                  WHERE program_id = $3 AND session_id IS NULL) AS done,
               (SELECT coalesce(array_agg(split_part(ref, ':', 2)), '{}') FROM reward_ledger
                WHERE user_id = $1 AND kind = 'milestone' AND program_id = $3) AS milestones
        FROM program_sessions AS s JOIN session_methods AS m ON m.session_id = s.id
        WHERE s.program_id = $3
    ) AS program ON $3::uuid IS NOT NULL"""


def _unless(badge: str, fact: str, otherwise: str) -> str:
    """A fact that only one badge asks for is not computed once that badge is held."""
    return f"CASE WHEN '{badge}' = ANY (ledger.badges) THEN {otherwise} ELSE {fact} END"


# $3 the program of the activity, $4 and $5 kind and ref of the entry it earns
RECOUNT = f"""
SELECT {_ACCOUNT}, ledger.streaks, ledger.completed,
    program.planned, program.done, program.milestones,
    EXISTS (SELECT FROM reward_ledger WHERE user_id = $1 AND kind = $4 AND ref = $5) AS entry,
    {_unless("tweede_programma", _PROGRAMS_STARTED, "0")} AS programs_started,
    {_unless("jaar_actief", _MONTHS_ACTIVE, "0")} AS months_active,
    {_unless("eerste_week", _FIRST_WEEK_DONE, "false")} AS first_week_done,
    {_unless("veelzijdig", _ALL_KINDS_IN_ONE_WEEK, "false")} AS all_kinds_in_one_week
FROM user_rewards AS r {_METHODS} {_LEDGER} {_SESSIONS} {_PROGRESS}
WHERE r.user_id = $1"""

# $1 user, $2 ledger entries, $3 announced at, the rest the mirror row
WRITE = """
WITH entry AS (
    INSERT INTO reward_ledger (user_id, kind, ref, points, program_id, activity_on, announced_at)
    SELECT $1, kind, ref, points, program_id, activity_on, $3
    FROM jsonb_to_recordset($2::jsonb) AS e(
        position int, kind text, ref text, points int, program_id uuid, activity_on date)
    ORDER BY position
    ON CONFLICT (user_id, kind, ref) DO NOTHING
)
UPDATE user_rewards SET
    bonus_points = $4, current_streak = $5, longest_streak = $6, last_active_on = $7,
    streak_anchor_on = $8, level = $9, total_points = $10, mental_fitness_score = $11,
    personal_goals_score = $12, good_habits_score = $13
WHERE user_id = $1"""

# $1 user, $2 method, $3 the earliest moment, $4 its day at the earliest, $5 now
ANNOUNCE = """
WITH usage AS (
    UPDATE method_completions SET announced_at = $5
    WHERE id = (
        SELECT id FROM method_completions
        WHERE user_id = $1 AND completed_on >= $4 AND method_id = $2
          AND created_at >= $3 AND announced_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT 1)
    RETURNING points
), entry AS (
    UPDATE reward_ledger SET announced_at = $5
    WHERE user_id = $1 AND announced_at IS NULL AND kind <> 'milestone'
    RETURNING id, kind, ref, points, created_at
)
SELECT (SELECT coalesce(sum(points), 0) FROM usage)
           + (SELECT coalesce(sum(points), 0) FROM entry) AS points,
       coalesce((SELECT array_agg(ref ORDER BY created_at, id) FROM entry WHERE kind = 'badge'),
                '{}') AS badges,
       EXISTS (SELECT FROM entry WHERE kind = 'level') AS level_up"""

# $1 user, $2 and $3 program as UUID or record id, $4 milestone, $5 now
ANNOUNCE_MILESTONE = """
WITH mine AS (
    SELECT id FROM programs
    WHERE user_id = $1 AND id = coalesce($2, (
        SELECT entity_id::uuid FROM airtable_links
        WHERE entity_type = 'program' AND airtable_record_id = $3))
), told AS (
    UPDATE reward_ledger SET announced_at = $5
    FROM mine
    WHERE user_id = $1 AND kind = 'milestone' AND ref = mine.id || ':' || $4::text
      AND announced_at IS NULL
    RETURNING points
)
SELECT EXISTS (SELECT FROM mine) AS known,
       (SELECT points FROM told) AS points,
       EXISTS (SELECT FROM reward_ledger, mine
               WHERE user_id = $1 AND kind = 'milestone'
                 AND ref = mine.id || ':' || $4::text) AS reached"""

POINTS_BY_RECORD = """
SELECT l.airtable_record_id::text AS record_id, c.points
FROM method_completions AS c
JOIN airtable_links AS l ON l.entity_type = 'method_usage' AND l.entity_id = c.id::text
WHERE c.user_id = $1"""

MILESTONES_BY_RECORD = """
SELECT l.airtable_record_id::text AS record_id,
       array_agg(split_part(r.ref, ':', 2) ORDER BY split_part(r.ref, ':', 2)::int) AS milestones
FROM reward_ledger AS r
JOIN airtable_links AS l ON l.entity_type = 'program' AND l.entity_id = r.program_id::text
WHERE r.user_id = $1 AND r.kind = 'milestone'
GROUP BY l.airtable_record_id"""
