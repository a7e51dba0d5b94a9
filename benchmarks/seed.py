"""A plausible load of data: 1,000 people, 60 methods, 500 programs, 20,000 completions a kind."""

from api._lib.db import Database

PEOPLE, METHODS, HABITS, BELIEFS = 1_000, 60, 12, 40
PROGRAMS, SESSIONS, COMPLETIONS = 500, 12, 20_000


def derived(text: str) -> str:
    """SQL of a valid UUID that follows from a text."""
    return f"overlay(overlay(md5({text}) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid"


# Every statement builds on those before; ids are made of numbers, so they can be computed.
STATEMENTS = f"""
INSERT INTO goals (id, name, description, sort_order)
SELECT 'recGoal' || lpad(n::text, 10, '0'), 'Doel ' || n, repeat('Omschrijving. ', 5), n
FROM generate_series(1, {HABITS}) n;
INSERT INTO methods (id, name, duration_minutes, description, technique, optimal_frequency,
                     points_value, sort_order)
SELECT 'recMeth' || lpad(n::text, 10, '0'), 'Methode ' || n, 5 + n % 20,
       repeat('Ga rustig zitten en volg je adem. ', 20), repeat('Adem in, adem uit. ', 20),
       ARRAY['Dagelijks'], 1 + n % 10, n
FROM generate_series(1, {METHODS}) n;
INSERT INTO method_goals (method_id, goal_id, position)
SELECT 'recMeth' || lpad(n::text, 10, '0'),
       'recGoal' || lpad((1 + (n + k) % {HABITS})::text, 10, '0'), k
FROM generate_series(1, {METHODS}) n, generate_series(0, 1) k;
INSERT INTO weekdays (id, name, iso_weekday)
SELECT 'recWeek' || lpad(n::text, 10, '0'),
       (ARRAY['Maandag','Dinsdag','Woensdag','Donderdag','Vrijdag','Zaterdag','Zondag'])[n], n
FROM generate_series(1, 7) n;
INSERT INTO habits (id, name, notes, sort_order)
SELECT 'recHabi' || lpad(n::text, 10, '0'), 'Gewoonte ' || n, 'Elke dag', n
FROM generate_series(1, {HABITS}) n;
INSERT INTO beliefs (id, name, display_order)
SELECT 'recBeli' || lpad(n::text, 10, '0'), 'Overtuiging ' || n, n
FROM generate_series(1, {BELIEFS}) n;
INSERT INTO users (id, email, name, role, language_code, password_hash)
SELECT 'recUser' || lpad(n::text, 10, '0'), 'persoon' || n || '@voorbeeld.test', 'Persoon ' || n,
       'Deelnemer', 'nl', '$2b$12$abcdefghijklmnopqrstuu7hMztsFL1B9bn7mRobgkQct4NVR8g2.'
FROM generate_series(1, {PEOPLE}) n;
INSERT INTO user_rewards (user_id) SELECT id FROM users;
INSERT INTO airtable_links (entity_type, entity_id, airtable_record_id, airtable_table_id)
SELECT 'user', id, id, 'tbl6i8jw3DNSzcHgE' FROM users;
INSERT INTO auth_sessions (sid, user_id, current_jti, expires_at)
SELECT {derived("'sid' || id")}, id, {derived("'jti' || id")}, now() + interval '7 days'
FROM users;
INSERT INTO programs (id, user_id, name, start_date, end_date, duration_weeks, duration_label,
                      status, creation_type)
SELECT {derived("'program' || n")}, 'recUser' || lpad(n::text, 10, '0'), 'Programma ' || n,
       current_date - 14, current_date + 13, 4, '4 weken', 'Actief', 'AI'
FROM generate_series(1, {PROGRAMS}) n;
INSERT INTO program_methods (program_id, method_id, position)
SELECT p.id, 'recMeth' || lpad((1 + k * 7)::text, 10, '0'), k
FROM programs p, generate_series(0, 5) k;
INSERT INTO program_days (program_id, weekday_id, position)
SELECT p.id, 'recWeek' || lpad((1 + k * 2)::text, 10, '0'), k
FROM programs p, generate_series(0, 2) k;
INSERT INTO program_goals (program_id, goal_id, position)
SELECT p.id, 'recGoal0000000001', 0 FROM programs p;
INSERT INTO program_sessions (id, program_id, session_date, weekday_id, description)
SELECT {derived("p.id::text || k")}, p.id, p.start_date + k * 2, 'recWeek0000000001',
       'Methode 1 (6 min)'
FROM programs p, generate_series(0, {SESSIONS - 1}) k;
INSERT INTO session_methods (session_id, method_id, position)
SELECT s.id, 'recMeth' || lpad((1 + k * 7)::text, 10, '0'), k
FROM program_sessions s, generate_series(0, 1) k;
INSERT INTO method_completions (user_id, method_id, program_id, session_id, completed_on, points)
SELECT p.user_id, 'recMeth0000000001', p.id, s.id, s.session_date, 5
FROM programs p JOIN program_sessions s ON s.program_id = p.id, generate_series(1, 4) k
WHERE s.session_date <= current_date LIMIT {COMPLETIONS};
INSERT INTO habit_completions (user_id, habit_id, completed_on)
SELECT 'recUser' || lpad((1 + n % {PEOPLE})::text, 10, '0'),
       'recHabi' || lpad((1 + n % {HABITS})::text, 10, '0'), current_date - 10 - n / {PEOPLE}
FROM generate_series(0, {COMPLETIONS - 1}) n ON CONFLICT DO NOTHING;
INSERT INTO personal_goals (id, user_id, name)
SELECT {derived("'goal' || id")}, id, 'Wandelen' FROM users;
INSERT INTO personal_goal_completions (user_id, personal_goal_id, completed_on)
SELECT g.user_id, g.id, current_date - n FROM personal_goals g, generate_series(1, 20) n;
INSERT INTO belief_completions (user_id, belief_id, completed_on)
SELECT u.id, 'recBeli' || lpad(n::text, 10, '0'), current_date - 1
FROM users u, generate_series(1, 20) n;
ANALYZE;
"""


async def seed(db: Database) -> None:
    """Fill a migrated, empty database."""
    async with db.connection() as connection:
        await connection.execute(STATEMENTS)
