-- People, their companies, sessions and one-time codes.

-- missing_since: first complete listing of Airtable that no longer held the record; the second
-- one in a row marks the user deleted. deleted_at: when the status became 'deleted'.
create table users (
    id airtable_id primary key,
    email text not null
        constraint users_email_normal
        check (email <> '' and email = lower(btrim(email)) and length(email) <= 254),
    name text not null,
    role text,
    is_admin boolean not null generated always as (coalesce(role = 'admin', false)) stored,
    language_code text check (language_code in ('nl', 'fr', 'en')),
    status text not null default 'active' check (status in ('active', 'disabled', 'deleted')),
    password_hash text,
    last_login_on date,
    airtable_created_at timestamptz,
    sessions_valid_from timestamptz,
    missing_since timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index users_email_key on users (lower(email));
create trigger touch before update on users
    for each row execute function touch_updated_at();

-- A person whose Airtable record was made anew: tokens and links with the former id keep working.
create table user_id_aliases (
    old_id airtable_id primary key,
    user_id airtable_id not null references users on update cascade on delete cascade,
    reason text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index user_id_aliases_user on user_id_aliases (user_id);
create trigger touch before update on user_id_aliases
    for each row execute function touch_updated_at();

create table user_companies (
    user_id airtable_id not null references users on update cascade on delete cascade,
    company_id airtable_id not null references companies on delete restrict,
    position smallint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (user_id, company_id)
);
create index user_companies_company on user_companies (company_id);
create trigger touch before update on user_companies
    for each row execute function touch_updated_at();

-- One row per login; refresh tokens name it and can be revoked. The longest life counts from
-- created_at.
create table auth_sessions (
    sid uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    current_jti uuid not null,
    previous_jti uuid,
    previous_jti_until timestamptz,
    user_agent_family text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index auth_sessions_user on auth_sessions (user_id);
create index auth_sessions_expiry on auth_sessions (expires_at);
create trigger touch before update on auth_sessions
    for each row execute function touch_updated_at();

-- session_sid: the session that the link of the mail opened; null when the code was typed.
create table login_codes (
    id uuid primary key default gen_random_uuid(),
    user_id airtable_id not null references users on update cascade on delete cascade,
    purpose text not null check (purpose in ('login', 'setup')),
    token_hash text unique,
    code_hash text not null,
    expires_at timestamptz not null,
    consumed_at timestamptz,
    session_sid uuid references auth_sessions on delete set null,
    failed_attempts smallint not null default 0 check (failed_attempts >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index login_codes_open on login_codes (user_id, purpose) where consumed_at is null;
create index login_codes_user on login_codes (user_id);
create index login_codes_session on login_codes (session_sid);
create index login_codes_expiry on login_codes (expires_at);
create trigger touch before update on login_codes
    for each row execute function touch_updated_at();
