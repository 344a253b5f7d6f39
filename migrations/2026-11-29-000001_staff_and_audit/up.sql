-- Who works here, and what they did.

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create type staff_role as enum ('comms', 'approver', 'agent', 'lead', 'auditor', 'admin');

-- An API key is an account without a mailbox and a password: it can act, but no one can sign in as it.
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

-- Only the hash of a session's token is stored: a dump lets no one sign in.
create table staff_session (
    token_hash bytea primary key,
    -- The name by which its owner can end it.
    id         uuid not null,
    staff_id   uuid not null references staff on delete cascade,
    created_at timestamptz not null,
    -- When the session made its last request: it ends after a time without any. Null counts as `created_at`.
    seen_at    timestamptz,
    expires_at timestamptz not null
);
create unique index staff_session_by_id on staff_session (id);
create index on staff_session (expires_at);
create index staff_session_of_staff on staff_session (staff_id);

create table api_key (
    id         uuid primary key,
    staff_id   uuid not null references staff,
    key_hash   bytea not null unique,
    created_at timestamptz not null,
    revoked_at timestamptz
);
create index api_key_of_staff on api_key (staff_id);

-- A POST repeated with the same Idempotency-Key gets the first answer again.
create table idempotency (
    staff_id      uuid not null references staff,
    key           text not null,
    request_hash  bytea not null,
    status        int,
    -- Null while the first request is still running; sealed afterwards.
    answer        bytea,
    created_at    timestamptz not null,
    -- A claim of a key belongs to one run of its request. It ends by the database's clock unless that run renews it.
    -- Nothing tells whether the request of a claim without an end was done.
    claim         uuid,
    claimed_until timestamptz,
    primary key (staff_id, key),
    constraint answered_iff_status check ((status is null) = (answer is null))
);
create index on idempotency (created_at);

-- Recent wrong notice codes, counted for all web nodes together. `network` is a keyed hash: the table holds no address.
-- A row limits no one after `full_at`, and is deleted then. Unlogged: a crash empties the table, which does no harm.
create unlogged table wrong_code (
    network bytea primary key,
    full_at timestamptz not null
);
create index on wrong_code (full_at);

-- P10: append-only and hash-chained (docs/decisions/0012). An act writes its event in its own transaction, without a
-- number and without a lock. A node links committed events into the chain, several times a second.
create table audit_event (
    id         uuid primary key,
    -- Ascends along the chain. There may be gaps: the chain skips numbers that rows outside of it have.
    seq        bigint,
    at         timestamptz not null,
    -- The time of the database, which orders events that are linked together.
    written_at timestamptz,
    actor      text not null,
    -- The text form of `audit::Action`.
    action     text not null,
    subject    text not null,
    -- Text, not jsonb: its exact bytes are hashed.
    detail     text not null,
    prev_hash  bytea,
    hash       bytea,
    constraint linked_as_a_whole check ((seq is null) = (prev_hash is null) and (seq is null) = (hash is null))
);
create unique index audit_event_by_number on audit_event (seq);
create index audit_event_waits on audit_event (written_at, id) where seq is null;
-- Of rows with the same predecessor at most one is in the chain.
create index audit_event_by_predecessor on audit_event (prev_hash);
-- Pages show the latest events of one subject; without this index they read the log backwards until they find some.
create index audit_event_of_subject on audit_event (subject, seq desc);

-- The end of the chain. Its row lock puts linking nodes in order; verification compares it with the last event.
create table audit_head (
    only_row boolean primary key default true check (only_row),
    seq      bigint not null,
    hash     bytea not null
);
insert into audit_head (seq, hash) values (0, '\x');

-- `audit_write` and `audit_link` are the only way to write the log. They set a mark for the length of a statement,
-- without which the triggers refuse. An owner of the tables can set it too, or drop a trigger: `candor audit verify`
-- names what that leaves behind. What it prints belongs outside of this database (docs/operations.md).
create function audit_write(
    event_id uuid, event_at timestamptz, who text, what text, on_what text, particulars text
) returns void language plpgsql as $$
begin
    perform set_config('candor.audit', 'write', true);
    insert into audit_event (id, at, actor, action, subject, detail, written_at)
        values (event_id, event_at, who, what, on_what, particulars, clock_timestamp());
    perform set_config('candor.audit', '', true);
end $$;

create function audit_link(ids uuid[], numbers bigint[], predecessors bytea[], hashes bytea[])
    returns void language plpgsql as $$
declare
    linked bigint;
begin
    perform set_config('candor.audit', 'link', true);
    update audit_event e set seq = l.number, prev_hash = l.predecessor, hash = l.own
        from unnest(ids, numbers, predecessors, hashes) as l (id, number, predecessor, own)
        where e.id = l.id and e.seq is null;
    get diagnostics linked = row_count;
    if linked <> cardinality(ids) then
        raise exception 'an entry of the audit log is not there any more, or is linked' using errcode = 'restrict_violation';
    end if;
    insert into audit_head (seq, hash) values (numbers[cardinality(ids)], hashes[cardinality(ids)])
        on conflict (only_row) do update set seq = excluded.seq, hash = excluded.hash;
    perform set_config('candor.audit', '', true);
end $$;

create function guard_audit_event() returns trigger language plpgsql as $$
declare
    mark text := current_setting('candor.audit', true);
begin
    if tg_op = 'INSERT' then
        if mark = 'write' and new.seq is null then
            return new;
        end if;
        raise exception 'audit_event is written by audit_write() alone' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'UPDATE' and mark = 'link' and old.seq is null and new.seq is not null
        and (new.id, new.at, new.actor, new.action, new.subject, new.detail, new.written_at)
            is not distinct from (old.id, old.at, old.actor, old.action, old.subject, old.detail, old.written_at) then
        return new;
    end if;
    raise exception 'audit_event is append-only' using errcode = 'restrict_violation';
end $$;
create trigger audit_event_is_append_only before insert or update or delete on audit_event
    for each row execute function guard_audit_event();
create trigger audit_event_is_not_truncated before truncate on audit_event
    for each statement execute function refuse_change();

create function guard_audit_head() returns trigger language plpgsql as $$
begin
    if tg_op in ('INSERT', 'UPDATE') and current_setting('candor.audit', true) = 'link' then
        if tg_op = 'INSERT' or new.seq > old.seq then
            return new;
        end if;
    end if;
    raise exception 'audit_head follows the chain alone' using errcode = 'restrict_violation';
end $$;
create trigger audit_head_is_guarded before insert or update or delete on audit_head
    for each row execute function guard_audit_head();
create trigger audit_head_is_not_truncated before truncate on audit_head
    for each statement execute function refuse_change();
