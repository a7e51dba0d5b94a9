-- Reminders by web push.

-- That an endpoint is https and on the list of allowed hosts is checked by the API: a local push
-- service is plain http.
create table push_subscriptions (
    id bigint generated always as identity primary key,
    user_id airtable_id not null references users on update cascade on delete cascade,
    endpoint text not null unique check (length(endpoint) <= 2048),
    p256dh text not null,
    auth text not null,
    status text not null default 'active' check (status in ('active', 'revoked', 'expired')),
    user_agent text check (length(user_agent) <= 512),
    failure_count int not null default 0,
    first_failure_at timestamptz,
    last_success_at timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index push_subscriptions_user on push_subscriptions (user_id);
create index push_subscriptions_active on push_subscriptions (user_id, updated_at)
    where status = 'active';
create trigger touch before update on push_subscriptions
    for each row execute function touch_updated_at();

-- No row = the defaults below. timezone null = NOTIFICATION_DEFAULT_TIMEZONE.
create table notification_preferences (
    user_id airtable_id primary key references users on update cascade on delete cascade,
    enabled boolean not null default true,
    reminder_mode text not null default 'both'
        check (reminder_mode in ('session', 'daily_summary', 'both')),
    lead_minutes int not null default 60 check (lead_minutes between 0 and 1440),
    preferred_time_local time not null default '19:00',
    timezone text,
    quiet_hours_start time not null default '22:00',
    quiet_hours_end time not null default '07:00',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on notification_preferences
    for each row execute function touch_updated_at();

create table notification_jobs (
    id bigint generated always as identity primary key,
    user_id airtable_id not null references users on update cascade on delete cascade,
    program_id uuid,
    session_id uuid references program_sessions on delete cascade,
    personal_goal_id uuid,
    reminder_date date not null,
    mode text not null check (mode in ('session', 'daily_summary', 'personal_goal')),
    fire_at timestamptz not null,
    expires_at timestamptz not null,
    payload jsonb not null default '{}',
    dedupe_key text not null unique,
    status text not null default 'pending' check (status in (
        'pending', 'processing', 'sent', 'dead_letter', 'cancelled', 'skipped_quiet_hours'
    )),
    attempt_count smallint not null default 0 check (attempt_count >= 0),
    next_attempt_at timestamptz not null default now(),
    lease_token uuid,
    lease_until timestamptz,
    last_error text,
    processed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint notification_jobs_session_mode check ((mode = 'session') = (session_id is not null)),
    constraint notification_jobs_goal_mode
        check ((mode = 'personal_goal') = (personal_goal_id is not null)),
    constraint notification_jobs_lease_while_processing
        check ((status = 'processing') = (lease_token is not null)),
    constraint notification_jobs_own_program
        foreign key (program_id, user_id) references programs (id, user_id)
        on update cascade on delete cascade,
    constraint notification_jobs_own_goal
        foreign key (personal_goal_id, user_id) references personal_goals (id, user_id)
        on update cascade on delete cascade
);
create index notification_jobs_due on notification_jobs (next_attempt_at, fire_at, id)
    where status = 'pending';
create index notification_jobs_lease on notification_jobs (lease_until)
    where status = 'processing';
create index notification_jobs_ended on notification_jobs (status, reminder_date)
    where status in ('sent', 'dead_letter', 'cancelled', 'skipped_quiet_hours');
create index notification_jobs_program on notification_jobs (program_id, user_id);
create index notification_jobs_session on notification_jobs (session_id);
create index notification_jobs_goal on notification_jobs (personal_goal_id, user_id);
create index notification_jobs_day on notification_jobs (user_id, reminder_date);
create trigger touch before update on notification_jobs
    for each row execute function touch_updated_at();

create table notification_deliveries (
    id bigint generated always as identity primary key,
    job_id bigint references notification_jobs on delete cascade,
    subscription_id bigint references push_subscriptions on delete set null,
    attempted_at timestamptz not null default now(),
    success boolean not null,
    status_code smallint,
    error_message text,
    created_at timestamptz not null default now()
);
create index notification_deliveries_job on notification_deliveries (job_id);
create index notification_deliveries_subscription on notification_deliveries (subscription_id);
create index notification_deliveries_time on notification_deliveries (attempted_at);

-- "This person's reminders need planning": written in the transaction of the change, removed by
-- the planner when requested_at is still what it read.
create table notification_planning (
    user_id airtable_id primary key references users on update cascade on delete cascade,
    requested_at timestamptz not null default now(),
    reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index notification_planning_requested on notification_planning (requested_at);
create trigger touch before update on notification_planning
    for each row execute function touch_updated_at();
