-- Incidents and what is published about them.

create type incident_state as enum
    ('suspected', 'confirmed', 'scoping', 'notifying', 'monitoring', 'closed', 'dismissed');
create type update_kind as enum ('known', 'being_checked', 'corrected');
create type minors_rule as enum ('guardian_text', 'guardian_letter');

create table incident (
    id              uuid primary key,
    slug            text not null,
    -- `title` and `facts` are the working sheet, which templates and agents use. Public pages show what was published.
    title           text not null,
    state           incident_state not null,
    facts           jsonb not null,
    -- `published_title` may stand alone: it is pinned when a public incident that never published its facts is given
    -- another title.
    published_title text,
    published_facts jsonb,
    published_at    timestamptz,
    published_by    uuid references staff,
    -- How minors are told: by an e-mail that addresses the guardian, or by a letter to the guardian.
    minors          minors_rule not null default 'guardian_text',
    -- The incident's own key under the master key. Forgetting an incident destroys it, and with it every name and
    -- address of its people (P6).
    wrapped_key     bytea,
    active_scope    int,
    version         int not null default 1,
    created_by      uuid not null references staff,
    created_at      timestamptz not null,
    forgotten_at    timestamptz,
    constraint incident_slug_is_taken unique (slug),
    constraint slug_is_a_slug check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
    constraint key_until_forgotten check ((wrapped_key is null) = (forgotten_at is not null)),
    constraint published_at_a_time check ((published_facts is null) = (published_at is null)),
    constraint published_with_a_title check (published_facts is null or published_title is not null),
    constraint published_by_whom_if_at_all check (published_by is null or published_at is not null)
);

create table incident_update (
    id           uuid primary key,
    incident_id  uuid not null references incident,
    kind         update_kind not null,
    body         text not null,
    published_at timestamptz not null,
    published_by uuid not null references staff
);
create index on incident_update (incident_id, published_at desc);
create trigger incident_update_is_append_only before update or delete on incident_update
    for each row execute function refuse_change();
