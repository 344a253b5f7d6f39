-- An act writes its entry in its own transaction, without a number and without a lock. Some node links the entries that
-- are committed into the chain, several times a second (docs/decisions/0012). Nodes of a former release number their
-- entries themselves: they are stopped before this migration.
alter table audit_event drop constraint audit_event_pkey;
alter table audit_event drop constraint audit_event_hash_key;
alter table audit_event alter column seq drop not null;
alter table audit_event alter column prev_hash drop not null;
alter table audit_event alter column hash drop not null;
alter table audit_event add constraint linked_as_a_whole
    check ((seq is null) = (prev_hash is null) and (seq is null) = (hash is null));
alter table audit_event add column id uuid not null default gen_random_uuid();
alter table audit_event alter column id drop default;
alter table audit_event add primary key (id);
-- The time of the database, which puts entries in order that are linked together. Null: from before this migration.
alter table audit_event add column written_at timestamptz;

-- Numbers ascend along the chain. They may have gaps: the chain passes over numbers that rows outside of it have.
create unique index audit_event_by_number on audit_event (seq);
create index audit_event_waits on audit_event (written_at, id) where seq is null;
-- Of rows with the same predecessor at most one is in the chain.
create index audit_event_by_predecessor on audit_event (prev_hash);

-- These two functions are the only way to write the log. They set a mark for the length of a statement, without which
-- the triggers refuse. An owner of the tables can set it too, or drop a trigger: what that leaves behind
-- `candor audit verify` names.
create function audit_write(
    event_id uuid, event_at timestamptz, who text, what text, on_what text, particulars text
) returns void language plpgsql as $$
begin
    perform set_config('candor.audit', 'write', true);
    insert into audit_event (id, at, actor, deed, subject, detail, written_at)
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

drop trigger audit_event_is_append_only on audit_event;
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
        and (new.id, new.at, new.actor, new.deed, new.subject, new.detail, new.written_at)
            is not distinct from (old.id, old.at, old.actor, old.deed, old.subject, old.detail, old.written_at) then
        return new;
    end if;
    raise exception 'audit_event is append-only' using errcode = 'restrict_violation';
end $$;
create trigger audit_event_is_append_only before insert or update or delete on audit_event
    for each row execute function guard_audit_event();

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

-- A stop takes effect before its entry in the audit log is written, and whether or not it can be. What is not written
-- yet waits here, in the row of the stop itself.
alter table emergency_stop add column unrecorded jsonb not null default '[]';
