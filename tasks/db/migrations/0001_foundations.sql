-- What every later file builds on: the id domains and the updated_at trigger.

-- Users and content keep the record id they have in Airtable.
create domain airtable_id as text
    constraint airtable_id_form check (value ~ '^rec[A-Za-z0-9]{14}$');

-- The records that are kept in step with Airtable, by the names the sync uses.
create domain sync_entity as text
    constraint sync_entity_known check (value in (
        'user', 'program', 'program_schedule', 'method_usage', 'personal_goal',
        'personal_goal_usage', 'overtuiging_usage', 'goede_gewoonte_usage',
        'persoonlijke_overtuiging'
    ));

-- Statements that may change nothing carry their own "is distinct from": comparing whole rows
-- in a trigger condition is not allowed on tables with generated columns.
create function touch_updated_at() returns trigger
language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;
