-- Incidents, the versions of their scope, and the people in it.
--
-- `scope_row` and `person` belong to the big family (docs/architecture.md, "Beyond one machine"):
-- `bucket` is in every key, no foreign key, trigger, sequence or identity, ids come from the program.

create type incident_state as enum
    ('suspected', 'confirmed', 'scoping', 'notifying', 'monitoring', 'closed', 'dismissed');
create type update_kind as enum ('known', 'being_checked', 'corrected');
create type scope_mode as enum ('full', 'delta');
create type scope_status as enum ('importing', 'draft', 'activating', 'active', 'superseded', 'discarded');
create type person_standing as enum ('in_progress', 'notified', 'needs_letter', 'withheld', 'retracted');
create type withheld_reason as enum ('legal_hold', 'deceased', 'protected_address');

-- `wrapped_key` is the incident's own key under the master key; forgetting an incident destroys it,
-- and with it every name and address of its people (P6).
create table incident (
    id           uuid primary key,
    slug         text not null,
    title        text not null,
    state        incident_state not null,
    facts        jsonb not null,
    wrapped_key  bytea,
    active_scope int,
    version      int not null default 1,
    created_by   uuid not null references staff,
    created_at   timestamptz not null,
    forgotten_at timestamptz,
    constraint incident_slug_is_taken unique (slug),
    constraint slug_is_a_slug check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
    constraint key_until_forgotten check ((wrapped_key is null) = (forgotten_at is not null))
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

create table scope_version (
    incident_id  uuid not null references incident,
    version      int not null check (version > 0),
    mode         scope_mode not null,
    status       scope_status not null,
    file_hash    bytea,
    accepted     bigint not null default 0,
    rejected     bigint not null default 0,
    delta        jsonb,
    created_by   uuid not null references staff,
    created_at   timestamptz not null,
    activated_by uuid references staff,
    activated_at timestamptz,
    primary key (incident_id, version),
    constraint delta_once_imported check (status in ('importing', 'discarded') or delta is not null),
    constraint activated_by_somebody check ((activated_by is null) = (activated_at is null)),
    constraint activated_iff_in_force
        check ((status in ('active', 'superseded')) = (activated_at is not null))
);
create unique index scope_one_active on scope_version (incident_id) where status = 'active';

-- A refused row: its cells are people's data, so they are sealed like everything else of theirs.
create table scope_reject (
    incident_id uuid not null,
    version     int not null,
    line        bigint not null,
    reasons     jsonb not null,
    sealed      bytea not null,
    primary key (incident_id, version, line),
    foreign key (incident_id, version) references scope_version on delete cascade
);

create table scope_row (
    incident_id   uuid not null,
    version       int not null,
    bucket        int not null,
    reference_key bytea not null,
    line          bigint not null,
    id            uuid not null,
    email_key     bytea,
    name_key      bytea,
    contact_key   bytea not null,
    sealed        bytea not null,
    exposed       bigint not null,
    locale        text not null,
    jurisdiction  text not null,
    flags         int not null,
    primary key (incident_id, version, bucket, reference_key, line)
);

-- exposed, named: sets of elements, one bit each. P2 is `exposed & ~named = 0`.
-- link_epoch: raising it revokes the person's status links.
create table person (
    bucket          int not null,
    id              uuid not null,
    incident_id     uuid not null,
    reference_key   bytea not null,
    email_key       bytea,
    name_key        bytea,
    contact_key     bytea not null,
    sealed          bytea not null,
    exposed         bigint not null,
    named           bigint not null,
    locale          text not null,
    jurisdiction    text not null,
    flags           int not null,
    standing        person_standing not null,
    withheld        withheld_reason,
    link_epoch      smallint not null,
    since_scope     int not null,
    changed_scope   int not null,
    primary key (bucket, id),
    unique (incident_id, bucket, reference_key),
    constraint withheld_with_a_reason check ((standing = 'withheld') = (withheld is not null))
);
create index on person (incident_id, email_key) where email_key is not null;
create index on person (incident_id, name_key) where name_key is not null;

-- P1 and P2 as maintained counters: people of an incident by standing, and whether an exposed
-- element is not yet named to them.
create table account_count (
    incident_id uuid not null references incident,
    standing    person_standing not null,
    incomplete  boolean not null,
    n           bigint not null,
    primary key (incident_id, standing, incomplete)
);
