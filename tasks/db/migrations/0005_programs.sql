-- Programs and their sessions. The unique pair (id, user_id) lets every table that hangs on a
-- program prove in its foreign key that both belong to the same person.

-- Overlapping dates are refused by the service under the user's row lock: programs that come from
-- Airtable may overlap. duration_label is the text the client sent and gets back.
create table programs (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    name text,
    start_date date not null,
    end_date date not null,
    duration_weeks smallint not null check (duration_weeks >= 1),
    duration_label text not null,
    status text not null check (status in ('Actief', 'Gepland', 'Afgewerkt')),
    creation_type text not null default 'Manueel' check (creation_type in ('Manueel', 'AI')),
    notes text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (id, user_id),
    constraint programs_end_after_start check (end_date >= start_date)
);
create index programs_newest on programs (user_id, start_date desc, created_at desc, id desc);
create index programs_unfinished on programs (end_date) where status <> 'Afgewerkt';
-- The hourly job looks here for drafts left alone for a day.
create index programs_draft_candidates on programs (updated_at)
    where creation_type = 'Manueel' and notes is null;
create trigger touch before update on programs
    for each row execute function touch_updated_at();

-- Lists of a program; position = order on the wire, starting at 0.

create table program_goals (
    program_id uuid not null references programs on delete cascade,
    goal_id airtable_id not null references goals on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (program_id, goal_id)
);
create index program_goals_reverse on program_goals (goal_id);
create trigger touch before update on program_goals
    for each row execute function touch_updated_at();

create table program_methods (
    program_id uuid not null references programs on delete cascade,
    method_id airtable_id not null references methods on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (program_id, method_id)
);
create index program_methods_reverse on program_methods (method_id);
create trigger touch before update on program_methods
    for each row execute function touch_updated_at();

create table program_days (
    program_id uuid not null references programs on delete cascade,
    weekday_id airtable_id not null references weekdays on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (program_id, weekday_id)
);
create index program_days_reverse on program_days (weekday_id);
create trigger touch before update on program_days
    for each row execute function touch_updated_at();

create table program_beliefs (
    program_id uuid not null references programs on delete cascade,
    belief_id airtable_id not null references beliefs on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (program_id, belief_id)
);
create index program_beliefs_reverse on program_beliefs (belief_id);
create trigger touch before update on program_beliefs
    for each row execute function touch_updated_at();

-- The service always writes sequence 1, so generating twice cannot double a day; two Airtable
-- records for one date get 2, 3, ... planning_code and a missing date come from Airtable only.
create table program_sessions (
    id uuid primary key default gen_random_uuid(),
    program_id uuid not null references programs on delete cascade,
    session_date date,
    sequence smallint not null default 1 check (sequence >= 1),
    weekday_id airtable_id references weekdays on delete restrict,
    planning_code text,
    description text,
    notes text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (program_id, session_date, sequence)
);
create index program_sessions_weekday on program_sessions (weekday_id);
create index program_sessions_date on program_sessions (session_date)
    where session_date is not null;
create trigger touch before update on program_sessions
    for each row execute function touch_updated_at();

create table session_methods (
    session_id uuid not null references program_sessions on delete cascade,
    method_id airtable_id not null references methods on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (session_id, method_id)
);
create index session_methods_reverse on session_methods (method_id);
create trigger touch before update on session_methods
    for each row execute function touch_updated_at();

create table session_goals (
    session_id uuid not null references program_sessions on delete cascade,
    goal_id airtable_id not null references goals on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (session_id, goal_id)
);
create index session_goals_reverse on session_goals (goal_id);
create trigger touch before update on session_goals
    for each row execute function touch_updated_at();
