"""Pieces of SQL that several statements share."""

_LIST = (
    "ARRAY(SELECT l.{column}::text FROM {table} AS l WHERE l.program_id = p.id"
    " ORDER BY l.position, l.{column})"
)

PROGRAM = f"""
    p.id, p.name, p.start_date, p.end_date, p.duration_label, p.status, p.creation_type, p.notes,
    {_LIST.format(table="program_days", column="weekday_id")} AS days,
    {_LIST.format(table="program_goals", column="goal_id")} AS goals,
    {_LIST.format(table="program_methods", column="method_id")} AS methods,
    {_LIST.format(table="program_beliefs", column="belief_id")} AS beliefs,
    ARRAY(SELECT split_part(r.ref, ':', 2) FROM reward_ledger AS r
          WHERE r.program_id = p.id AND r.user_id = p.user_id AND r.kind = 'milestone'
          ORDER BY split_part(r.ref, ':', 2)::int) AS milestones"""

# $1 user, $2 and $3 the id as UUID or Airtable record id
OWN_PROGRAM = """
    p.user_id = $1 AND p.id = coalesce($2, (
        SELECT l.entity_id::uuid FROM airtable_links AS l
        WHERE l.entity_type = 'program' AND l.airtable_record_id = $3))"""

# A draft is what the wizard's first step leaves behind (programs 2.4).
IS_DRAFT = """(
    p.creation_type = 'Manueel' AND p.notes IS NULL
    AND NOT EXISTS (SELECT FROM program_goals AS l WHERE l.program_id = p.id)
    AND NOT EXISTS (SELECT FROM program_days AS l WHERE l.program_id = p.id)
    AND NOT EXISTS (SELECT FROM program_methods AS l WHERE l.program_id = p.id)
    AND NOT EXISTS (SELECT FROM program_beliefs AS l WHERE l.program_id = p.id)
    AND NOT EXISTS (SELECT FROM program_sessions AS s WHERE s.program_id = p.id)
    AND NOT EXISTS (SELECT FROM method_completions AS c WHERE c.program_id = p.id)
    AND NOT EXISTS (SELECT FROM belief_completions AS c WHERE c.program_id = p.id))"""

SESSION = """
    s.id, s.planning_code, s.session_date, s.weekday_id::text, s.description, s.notes,
    ARRAY(SELECT l.method_id::text FROM session_methods AS l
          WHERE l.session_id = s.id ORDER BY l.position, l.method_id) AS methods,
    ARRAY(SELECT l.goal_id::text FROM session_goals AS l
          WHERE l.session_id = s.id ORDER BY l.position, l.goal_id) AS goals,
    done.completions, done.used"""

DONE = """
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(c.id::text ORDER BY c.created_at, c.id), '{}') AS completions,
               coalesce(array_agg(DISTINCT c.method_id::text), '{}') AS used
        FROM method_completions AS c WHERE c.session_id = s.id
    ) AS done"""
