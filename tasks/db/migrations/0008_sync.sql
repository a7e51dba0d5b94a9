-- Keeping Airtable in step: links, the outbox, and what the periodic jobs remember.

-- The one place that pairs our ids with Airtable's; it outlives the entity. People have a row too
-- (both ids equal). pushed_hash: of the cells last written successfully, null = unknown.
create table airtable_links (
    entity_type sync_entity not null,
    entity_id text not null,
    airtable_record_id airtable_id not null,
    airtable_table_id text not null,
    pushed_hash text,
    pushed_at timestamptz,
    pulled_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (entity_type, entity_id),
    unique (entity_type, airtable_record_id)
);
create index airtable_links_deleted on airtable_links (deleted_at) where deleted_at is not null;
create trigger touch before update on airtable_links
    for each row execute function touch_updated_at();

-- An event says which record changed, not to what: the writer reads the row as it is then. payload
-- holds only what the row cannot tell later (table and record id of a delete). changed_fields null
-- = all. user_id has no key on purpose: events outlive the person. parked_on names the parent
-- waited for ('<entity_type>:<entity_id>') or 'table:<id>' for a table without the App ID field.
create table outbox_events (
    id bigint generated always as identity primary key,
    entity_type sync_entity not null,
    entity_id text not null,
    user_id text,
    operation text not null check (operation in ('upsert', 'delete')),
    changed_fields text[],
    payload jsonb not null default '{}',
    idempotency_key text not null unique default gen_random_uuid()::text,
    priority smallint not null default 40,
    status text not null default 'pending'
        check (status in ('pending', 'processing', 'processed', 'superseded', 'dead_letter')),
    attempt_count smallint not null default 0 check (attempt_count >= 0),
    next_attempt_at timestamptz not null default now(),
    first_attempt_at timestamptz,
    lease_token uuid,
    lease_until timestamptz,
    worker_id text,
    parked_on text,
    merged_count int not null default 1 check (merged_count >= 1),
    superseded_by bigint references outbox_events on delete set null,
    error_class text,
    last_error text,
    processed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint outbox_events_lease_while_processing
        check ((status = 'processing') = (lease_token is not null))
);
-- At most one waiting event of a record, and at most one on its way.
create unique index outbox_events_waiting on outbox_events (entity_type, entity_id)
    where status = 'pending';
create unique index outbox_events_in_flight on outbox_events (entity_type, entity_id)
    where status = 'processing';
create index outbox_events_claim on outbox_events (priority, id)
    where status = 'pending' and parked_on is null;
create index outbox_events_parked on outbox_events (parked_on) where parked_on is not null;
create index outbox_events_lease on outbox_events (lease_until) where status = 'processing';
create index outbox_events_lag on outbox_events (created_at)
    where status in ('pending', 'processing');
create index outbox_events_finished on outbox_events (processed_at)
    where status in ('processed', 'superseded');
create index outbox_events_superseded_by on outbox_events (superseded_by);
create index outbox_events_user on outbox_events (user_id)
    where status not in ('processed', 'superseded');
create trigger touch before update on outbox_events
    for each row execute function touch_updated_at();

create table outbox_dead_letters (
    id bigint generated always as identity primary key,
    outbox_id bigint references outbox_events on delete set null,
    entity_type sync_entity not null,
    entity_id text not null,
    operation text not null check (operation in ('upsert', 'delete')),
    payload jsonb not null default '{}',
    error_class text not null,
    http_status smallint,
    error_message text not null,
    attempts smallint not null,
    replay_count smallint not null default 0,
    last_replayed_at timestamptz,
    resolved_at timestamptz,
    resolution text check (resolution in ('replayed', 'superseded', 'discarded')),
    note text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint outbox_dead_letters_resolved_how
        check ((resolved_at is null) = (resolution is null))
);
create unique index outbox_dead_letters_open on outbox_dead_letters (outbox_id)
    where resolved_at is null;
create index outbox_dead_letters_outbox on outbox_dead_letters (outbox_id);
create index outbox_dead_letters_resolved on outbox_dead_letters (resolved_at, created_at);
create index outbox_dead_letters_entity on outbox_dead_letters (entity_type, entity_id);
create trigger touch before update on outbox_dead_letters
    for each row execute function touch_updated_at();

-- Records that must never come back by a poll, a webhook or a read-through. purged_at: confirmed
-- gone in Airtable.
create table sync_tombstones (
    entity_type sync_entity not null,
    airtable_record_id airtable_id not null,
    entity_id text,
    reason text not null check (reason in ('app', 'erasure', 'airtable')),
    purged_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (entity_type, airtable_record_id)
);
create index sync_tombstones_entity on sync_tombstones (entity_type, entity_id);
create index sync_tombstones_open on sync_tombstones (created_at) where purged_at is null;
create trigger touch before update on sync_tombstones
    for each row execute function touch_updated_at();

-- Inserted in the transaction that applies the event, so a failure does not use the event up.
create table inbox_events (
    source text not null,
    event_id text not null,
    status text not null default 'received' check (status in ('received', 'processed', 'failed')),
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (source, event_id)
);
create index inbox_events_received on inbox_events (received_at);
create trigger touch before update on inbox_events
    for each row execute function touch_updated_at();

-- One row per periodic job: a run is claimed by one conditional update of last_started_at.
create table sync_gates (
    key text primary key,
    cursor text,
    last_started_at timestamptz,
    last_finished_at timestamptz,
    last_ok_at timestamptz,
    last_error text,
    counts jsonb not null default '{}',
    rejected int not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on sync_gates
    for each row execute function touch_updated_at();

create table airtable_webhooks (
    webhook_id text primary key,
    mac_secret_enc text not null,
    spec_hash text not null,
    cursor bigint not null default 1,
    expires_at timestamptz,
    last_ping_at timestamptz,
    last_ok_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on airtable_webhooks
    for each row execute function touch_updated_at();

create table reconcile_runs (
    id bigint generated always as identity primary key,
    entity text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    counts jsonb not null default '{}',
    ok boolean,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on reconcile_runs
    for each row execute function touch_updated_at();

create table reconcile_diffs (
    id bigint generated always as identity primary key,
    run_id bigint not null references reconcile_runs on delete cascade,
    kind text not null,
    entity_id text,
    airtable_record_id text,
    fields text[] not null default '{}',
    created_at timestamptz not null default now()
);
create index reconcile_diffs_run on reconcile_diffs (run_id, kind);
