-- Points, streaks, levels and badges.

-- A row of its own, made together with the user: polls of people cannot touch it, and it is what
-- an award locks. The last five numbers mirror what the engine computed, for Airtable and reports.
create table user_rewards (
    user_id airtable_id primary key references users on update cascade on delete cascade,
    bonus_points int not null default 0 check (bonus_points >= 0),
    current_streak int not null default 0 check (current_streak >= 0),
    longest_streak int not null default 0 check (longest_streak >= 0),
    last_active_on date,
    streak_anchor_on date,
    level smallint not null default 1 check (level between 1 and 10),
    total_points int not null default 0 check (total_points >= 0),
    mental_fitness_score int not null default 0 check (mental_fitness_score >= 0),
    personal_goals_score int not null default 0 check (personal_goals_score >= 0),
    good_habits_score int not null default 0 check (good_habits_score >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint user_rewards_longest_is_longest check (longest_streak >= current_streak)
);
create trigger touch before update on user_rewards
    for each row execute function touch_updated_at();

-- Everything that is paid or granted once, and the only source of badges, milestones and bonus
-- points. ref says for what: a badge id, a belief id, '<program>:<threshold>', a level, ...
create table reward_ledger (
    id bigint generated always as identity primary key,
    user_id airtable_id not null references users on update cascade on delete cascade,
    kind text not null check (kind in (
        'opening_balance', 'belief', 'personal_belief', 'streak', 'milestone', 'badge', 'level',
        'adjustment'
    )),
    ref text not null,
    points int not null default 0,
    program_id uuid,
    activity_on date,
    announced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, kind, ref),
    constraint reward_ledger_own_program
        foreign key (program_id, user_id) references programs (id, user_id)
        on update cascade on delete set null (program_id)
);
create index reward_ledger_unannounced on reward_ledger (user_id) where announced_at is null;
create index reward_ledger_program on reward_ledger (program_id, user_id);
create trigger touch before update on reward_ledger
    for each row execute function touch_updated_at();
