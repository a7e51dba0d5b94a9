-- At least one row in every table; An owns what people own, Bo owns a program and a goal.
insert into companies (id, name) values ('recCompany0000001', 'Zorggroep');
insert into goals (id, name) values ('recGoal0000000001', 'Focus');
insert into methods (id, name) values ('recMethod00000001', 'Bodyscan');
insert into weekdays (id, name, iso_weekday) values ('recWeekday0000001', 'Maandag', 1);
insert into experience_levels (id, name) values ('recLevel000000001', 'Beginner');
insert into program_prompts (id, name) values ('recPrompt00000001', 'Opbouw');
insert into mindset_categories (id, name) values ('recCategory000001', 'Rust');
insert into beliefs (id, name) values ('recBelief00000001', 'Ik mag rusten');
insert into habits (id, name) values ('recHabit000000001', 'Wandelen');
insert into media (id) values ('recMedia000000001');
insert into translations (key, nl) values ('home.title', 'Welkom');
insert into method_goals values ('recMethod00000001', 'recGoal0000000001', 0);
insert into method_experience_levels values ('recMethod00000001', 'recLevel000000001', 0);
insert into method_media values ('recMethod00000001', 'recMedia000000001', 0);
insert into prompt_goals values ('recPrompt00000001', 'recGoal0000000001', 0);
insert into category_goals values ('recCategory000001', 'recGoal0000000001', 0);
insert into belief_goals values ('recBelief00000001', 'recGoal0000000001', 0);
insert into belief_categories values ('recBelief00000001', 'recCategory000001', 0, 0);

insert into users (id, email, name)
values ('recUserAn00000001', 'an@example.test', 'An'), ('recUserBo00000001', 'bo@example.test', 'Bo');
insert into user_id_aliases (old_id, user_id, reason)
values ('recUserOld0000001', 'recUserAn00000001', 'made anew');
insert into user_companies values ('recUserAn00000001', 'recCompany0000001', 0);
insert into auth_sessions (sid, user_id, expires_at, current_jti)
values ('a0000000-0000-4000-8000-000000000001', 'recUserAn00000001', now(), gen_random_uuid());
insert into login_codes (user_id, purpose, code_hash, expires_at, session_sid)
values ('recUserAn00000001', 'login', 'x', now(), 'a0000000-0000-4000-8000-000000000001');

insert into programs
    (id, user_id, start_date, end_date, duration_weeks, duration_label, status)
values
    ('b0000000-0000-4000-8000-000000000001', 'recUserAn00000001', '2026-01-05', '2026-02-01', 4,
     '4 weken', 'Actief'),
    ('b0000000-0000-4000-8000-000000000002', 'recUserBo00000001', '2026-01-05', '2026-02-01', 4,
     '4 weken', 'Actief');
insert into program_goals values ('b0000000-0000-4000-8000-000000000001', 'recGoal0000000001', 0);
insert into program_methods values ('b0000000-0000-4000-8000-000000000001', 'recMethod00000001', 0);
insert into program_days values ('b0000000-0000-4000-8000-000000000001', 'recWeekday0000001', 0);
insert into program_beliefs values ('b0000000-0000-4000-8000-000000000001', 'recBelief00000001', 0);
insert into program_sessions (id, program_id, session_date)
values ('c0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', '2026-01-05');
insert into session_methods values ('c0000000-0000-4000-8000-000000000001', 'recMethod00000001', 0);
insert into session_goals values ('c0000000-0000-4000-8000-000000000001', 'recGoal0000000001', 0);

insert into method_completions (user_id, method_id, program_id, session_id, completed_on, points)
values ('recUserAn00000001', 'recMethod00000001', 'b0000000-0000-4000-8000-000000000001',
        'c0000000-0000-4000-8000-000000000001', '2026-01-05', 7);
insert into habit_selections values ('recUserAn00000001', 'recHabit000000001', 0);
insert into habit_completions (user_id, habit_id, completed_on)
values ('recUserAn00000001', 'recHabit000000001', '2026-01-05');
insert into personal_goals (id, user_id, name)
values ('d0000000-0000-4000-8000-000000000001', 'recUserAn00000001', 'Lopen'),
       ('d0000000-0000-4000-8000-000000000002', 'recUserBo00000001', 'Lezen');
insert into personal_goal_completions (user_id, personal_goal_id, completed_on)
values ('recUserAn00000001', 'd0000000-0000-4000-8000-000000000001', '2026-01-05');
insert into belief_completions (user_id, belief_id, program_id, completed_on)
values ('recUserAn00000001', 'recBelief00000001', 'b0000000-0000-4000-8000-000000000001',
        '2026-01-05');
insert into personal_beliefs (user_id, name, program_id)
values ('recUserAn00000001', 'Ik kan dit', 'b0000000-0000-4000-8000-000000000001');

insert into user_rewards (user_id) values ('recUserAn00000001');
insert into reward_ledger (user_id, kind, ref, points, program_id)
values ('recUserAn00000001', 'milestone', 'b0000000-0000-4000-8000-000000000001:25', 25,
        'b0000000-0000-4000-8000-000000000001');

insert into airtable_links (entity_type, entity_id, airtable_record_id, airtable_table_id)
values ('program', 'b0000000-0000-4000-8000-000000000001', 'recProgram0000001', 'tblPrograms000001');
insert into outbox_events (entity_type, entity_id, user_id, operation)
values ('program', 'b0000000-0000-4000-8000-000000000001', 'recUserAn00000001', 'upsert');
insert into outbox_dead_letters
    (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
select id, entity_type, entity_id, operation, 'permanent', 'refused', 2 from outbox_events;
insert into sync_tombstones (entity_type, airtable_record_id, reason)
values ('program', 'recProgram0000002', 'app');
insert into inbox_events (source, event_id) values ('users', 'evt-1');
insert into sync_gates (key) values ('full');
insert into airtable_webhooks (webhook_id, mac_secret_enc, spec_hash) values ('ach1', 'x', 'y');
insert into reconcile_runs (entity) values ('program');
insert into reconcile_diffs (run_id, kind) select id, 'duplicate' from reconcile_runs;

insert into push_subscriptions (user_id, endpoint, p256dh, auth)
values ('recUserAn00000001', 'https://push.example.test/1', 'p', 'a');
insert into notification_preferences (user_id) values ('recUserAn00000001');
insert into notification_jobs
    (user_id, program_id, session_id, mode, reminder_date, fire_at, expires_at, dedupe_key)
values ('recUserAn00000001', 'b0000000-0000-4000-8000-000000000001',
        'c0000000-0000-4000-8000-000000000001', 'session', '2026-01-05', now(), now(), 's');
insert into notification_jobs
    (user_id, personal_goal_id, mode, reminder_date, fire_at, expires_at, dedupe_key)
values ('recUserAn00000001', 'd0000000-0000-4000-8000-000000000001', 'personal_goal',
        '2026-01-05', now(), now(), 'g');
insert into notification_deliveries (job_id, subscription_id, success)
select j.id, s.id, true from notification_jobs j, push_subscriptions s;
insert into notification_planning (user_id) values ('recUserAn00000001');
