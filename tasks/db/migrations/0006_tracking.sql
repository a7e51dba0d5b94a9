-- What people did: methods, habits, goals and beliefs.

-- points is the value of the method at that moment, so later edits do not rewrite history.
-- request_key is the Idempotency-Key of the request. announced_at: the award call told the client.
-- A pair (session_id, program_id) would look stricter, but deleting a program empties program_id
-- first and then leaves a session id that points nowhere; hence two separate keys.
create table method_completions (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    method_id airtable_id not null references methods on delete restrict,
    program_id uuid,
    session_id uuid references program_sessions on delete set null,
    remark text check (length(remark) <= 5000),
    completed_on date not null,
    points smallint not null check (points between 1 and 10),
    request_key text check (length(request_key) between 1 and 100),
    announced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, request_key),
    constraint method_completions_own_program
        foreign key (program_id, user_id) references programs (id, user_id)
        on update cascade on delete set null (program_id)
);
create index method_completions_day on method_completions (user_id, completed_on);
create index method_completions_latest
    on method_completions (program_id, completed_on desc, created_at desc, id desc);
create index method_completions_session on method_completions (session_id);
create index method_completions_method on method_completions (method_id);
create trigger touch before update on method_completions
    for each row execute function touch_updated_at();

-- The habits a person chose; none chosen = all are shown.
create table habit_selections (
    user_id airtable_id not null references users on update cascade on delete cascade,
    habit_id airtable_id not null references habits on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (user_id, habit_id)
);
create index habit_selections_habit on habit_selections (habit_id);
create trigger touch before update on habit_selections
    for each row execute function touch_updated_at();

create table habit_completions (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    habit_id airtable_id not null references habits on delete restrict,
    completed_on date not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, habit_id, completed_on)
);
create index habit_completions_day on habit_completions (user_id, completed_on);
create index habit_completions_habit on habit_completions (habit_id);
create trigger touch before update on habit_completions
    for each row execute function touch_updated_at();

-- schedule_days: null (never set) and empty (cleared) look different on the wire.
-- 'Gearchiveerd' comes from Airtable only.
create table personal_goals (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    name text not null check (length(name) between 1 and 200),
    description text check (length(description) <= 1000),
    status text not null default 'Actief'
        check (status in ('Actief', 'Voltooid', 'Verwijderd', 'Gearchiveerd')),
    schedule_days text[]
        constraint personal_goals_schedule_days check (
            cardinality(schedule_days) <= 7
            and schedule_days <@ array[
                'Maandag', 'Dinsdag', 'Woensdag', 'Donderdag', 'Vrijdag', 'Zaterdag', 'Zondag'
            ]
        ),
    completed_on date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (id, user_id),
    constraint personal_goals_active_is_open check (status <> 'Actief' or completed_on is null)
);
create index personal_goals_list on personal_goals (user_id, status, created_at, id);
create trigger touch before update on personal_goals
    for each row execute function touch_updated_at();

-- Several per goal and day are meant to be possible.
create table personal_goal_completions (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    personal_goal_id uuid not null,
    completed_on date not null,
    request_key text check (length(request_key) between 1 and 100),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, request_key),
    constraint personal_goal_completions_own_goal
        foreign key (personal_goal_id, user_id) references personal_goals (id, user_id)
        on update cascade on delete cascade
);
create index personal_goal_completions_day on personal_goal_completions (user_id, completed_on);
create index personal_goal_completions_goal
    on personal_goal_completions (personal_goal_id, completed_on);
create trigger touch before update on personal_goal_completions
    for each row execute function touch_updated_at();

-- Once ever per person and belief, whatever the program.
create table belief_completions (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    belief_id airtable_id not null references beliefs on delete restrict,
    program_id uuid,
    completed_on date not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, belief_id),
    constraint belief_completions_own_program
        foreign key (program_id, user_id) references programs (id, user_id)
        on update cascade on delete set null (program_id)
);
create index belief_completions_program on belief_completions (program_id, user_id);
create index belief_completions_belief on belief_completions (belief_id);
create index belief_completions_day on belief_completions (user_id, completed_on);
create trigger touch before update on belief_completions
    for each row execute function touch_updated_at();

create table personal_beliefs (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    name text not null check (length(name) between 1 and 200),
    program_id uuid,
    status text not null default 'Actief' check (status in ('Actief', 'Afgerond', 'Verwijderd')),
    completed_on date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint personal_beliefs_done_has_date
        check (status <> 'Afgerond' or completed_on is not null),
    constraint personal_beliefs_own_program
        foreign key (program_id, user_id) references programs (id, user_id)
        on update cascade on delete set null (program_id)
);
create index personal_beliefs_list on personal_beliefs (user_id, status, created_at, id);
create index personal_beliefs_program on personal_beliefs (program_id, user_id);
create trigger touch before update on personal_beliefs
    for each row execute function touch_updated_at();
