-- Content that coaches keep in Airtable. Rows are archived, never deleted, because programs and
-- completions point at them. A link to a record that was not read yet makes a stub row
-- (name = '', is_listed false, content_hash ''), so that no link is lost.
--
-- is_listed: the record is in the view "App" (where the table has one).
-- content_hash: of the last record applied; an equal hash needs no update.

create table companies (
    id airtable_id primary key,
    name text not null,
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index companies_listed on companies (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on companies
    for each row execute function touch_updated_at();

create table goals (
    id airtable_id primary key,
    name text not null,
    description text,
    status text check (status in ('Actief', 'Afgerond', 'Gepland')),
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index goals_listed on goals (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on goals
    for each row execute function touch_updated_at();

create table methods (
    id airtable_id primary key,
    name text not null,
    duration_minutes int not null default 0 check (duration_minutes >= 0),
    description text,
    technique text,
    optimal_frequency text[] not null default '{}',
    points_value smallint not null default 5 check (points_value between 1 and 10),
    photo_url text,
    photo_filename text,
    photo_fetched_at timestamptz,
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint methods_photo_whole
        check (num_nulls(photo_url, photo_filename, photo_fetched_at) in (0, 3))
);
create index methods_listed on methods (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on methods
    for each row execute function touch_updated_at();

-- iso_weekday: Maandag = 1; null = a name we do not know.
create table weekdays (
    id airtable_id primary key,
    name text not null,
    iso_weekday smallint unique check (iso_weekday between 1 and 7),
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index weekdays_listed on weekdays (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on weekdays
    for each row execute function touch_updated_at();

create table experience_levels (
    id airtable_id primary key,
    name text not null,
    notes text,
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index experience_levels_listed on experience_levels (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on experience_levels
    for each row execute function touch_updated_at();

create table program_prompts (
    id airtable_id primary key,
    name text not null,
    prompt text not null default '',
    prompt_type text not null default 'Programmaopbouw'
        check (prompt_type in ('Systeem', 'Programmaopbouw')),
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index program_prompts_listed on program_prompts (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on program_prompts
    for each row execute function touch_updated_at();
create index program_prompts_type on program_prompts (prompt_type);

create table mindset_categories (
    id airtable_id primary key,
    name text not null,
    display_order int not null default 0,
    content text,
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index mindset_categories_listed on mindset_categories (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on mindset_categories
    for each row execute function touch_updated_at();

create table beliefs (
    id airtable_id primary key,
    name text not null,
    display_order int not null default 0,
    levels text[] not null default '{}',
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index beliefs_listed on beliefs (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on beliefs
    for each row execute function touch_updated_at();
create index beliefs_order on beliefs (display_order, sort_order, id);

create table habits (
    id airtable_id primary key,
    name text not null,
    notes text,
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index habits_listed on habits (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on habits
    for each row execute function touch_updated_at();

create table media (
    id airtable_id primary key,
    filename text,
    media_type text,
    url text,
    url_filename text,
    url_fetched_at timestamptz,
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint media_url_whole check (num_nulls(url, url_filename, url_fetched_at) in (0, 3))
);
create index media_listed on media (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on media
    for each row execute function touch_updated_at();

create table translations (
    key text primary key check (key <> '' and key = btrim(key)),
    nl text not null,
    fr text,
    en text,
    context text,
    airtable_record_id airtable_id unique,
    sort_order int not null default 0,
    is_listed boolean not null default true,
    archived_at timestamptz,
    content_hash text not null default '',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index translations_listed on translations (sort_order)
    where is_listed and archived_at is null;
create trigger touch before update on translations
    for each row execute function touch_updated_at();
