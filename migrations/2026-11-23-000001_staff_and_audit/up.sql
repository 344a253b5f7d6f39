-- Who works here, and what they did.

create type staff_role as enum ('comms', 'approver', 'agent', 'lead', 'auditor', 'admin');

-- An API key is an account without a mailbox and a password: it can act, but nobody can sign in as it.
create table staff (
    id            uuid primary key,
    email         text,
    name          text not null,
    roles         staff_role[] not null,
    password_hash text,
    created_at    timestamptz not null,
    disabled_at   timestamptz,
    constraint staff_email_is_taken unique (email),
    constraint staff_email_is_lower_case check (email = lower(email)),
    constraint staff_email_iff_password check ((email is null) = (password_hash is null)),
    constraint staff_has_a_role check (cardinality(roles) > 0)
);

-- Only the hash of a session's token is kept: a dump signs nobody in.
create table staff_session (
    token_hash bytea primary key,
    staff_id   uuid not null references staff on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index on staff_session (expires_at);

create table api_key (
    id         uuid primary key,
    staff_id   uuid not null references staff,
    key_hash   bytea not null unique,
    created_at timestamptz not null,
    revoked_at timestamptz
);

-- A POST repeated with the same Idempotency-Key gets the first answer again.
-- `answer` is null while the first request is still running, and sealed afterwards.
create table idempotency (
    staff_id     uuid not null references staff,
    key          text not null,
    request_hash bytea not null,
    status       int,
    answer       bytea,
    created_at   timestamptz not null,
    primary key (staff_id, key),
    constraint answered_iff_status check ((status is null) = (answer is null))
);
create index on idempotency (created_at);

-- P10: append-only and hash-chained. `detail` is text, not jsonb, since its exact bytes are hashed.
create table audit_event (
    seq       bigint primary key,
    at        timestamptz not null,
    actor     text not null,
    deed      text not null,
    subject   text not null,
    detail    text not null,
    prev_hash bytea not null,
    hash      bytea not null unique
);

-- The end of the chain. Its row lock puts writers in order; verify compares it with the last event.
create table audit_head (
    only_row boolean primary key default true check (only_row),
    seq      bigint not null,
    hash     bytea not null
);
insert into audit_head (seq, hash) values (0, '\x');

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger audit_event_is_append_only before update or delete on audit_event
    for each row execute function refuse_change();

-- The switch behind `candor stop`: while it is set, no sender takes a message.
create table emergency_stop (
    only_row   boolean primary key default true check (only_row),
    stopped_at timestamptz,
    stopped_by text,
    constraint stopped_by_somebody check ((stopped_at is null) = (stopped_by is null))
);
insert into emergency_stop (only_row) values (true);
