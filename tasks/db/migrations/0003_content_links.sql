-- Links between content; position = order in Airtable, starting at 0.

create table method_goals (
    method_id airtable_id not null references methods on delete restrict,
    goal_id airtable_id not null references goals on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (method_id, goal_id)
);
create index method_goals_reverse on method_goals (goal_id);
create trigger touch before update on method_goals
    for each row execute function touch_updated_at();

create table method_experience_levels (
    method_id airtable_id not null references methods on delete restrict,
    experience_level_id airtable_id not null references experience_levels on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (method_id, experience_level_id)
);
create index method_experience_levels_reverse on method_experience_levels (experience_level_id);
create trigger touch before update on method_experience_levels
    for each row execute function touch_updated_at();

create table method_media (
    method_id airtable_id not null references methods on delete restrict,
    media_id airtable_id not null references media on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (method_id, media_id)
);
create index method_media_reverse on method_media (media_id);
create trigger touch before update on method_media
    for each row execute function touch_updated_at();

create table prompt_goals (
    prompt_id airtable_id not null references program_prompts on delete restrict,
    goal_id airtable_id not null references goals on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (prompt_id, goal_id)
);
create index prompt_goals_reverse on prompt_goals (goal_id);
create trigger touch before update on prompt_goals
    for each row execute function touch_updated_at();

create table category_goals (
    category_id airtable_id not null references mindset_categories on delete restrict,
    goal_id airtable_id not null references goals on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (category_id, goal_id)
);
create index category_goals_reverse on category_goals (goal_id);
create trigger touch before update on category_goals
    for each row execute function touch_updated_at();

create table belief_goals (
    belief_id airtable_id not null references beliefs on delete restrict,
    goal_id airtable_id not null references goals on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (belief_id, goal_id)
);
create index belief_goals_reverse on belief_goals (goal_id);
create trigger touch before update on belief_goals
    for each row execute function touch_updated_at();

-- Both sides show their list, each in its own order.
create table belief_categories (
    belief_id airtable_id not null references beliefs on delete restrict,
    category_id airtable_id not null references mindset_categories on delete restrict,
    belief_position smallint not null,
    category_position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (belief_id, category_id)
);
create index belief_categories_reverse on belief_categories (category_id);
create trigger touch before update on belief_categories
    for each row execute function touch_updated_at();
