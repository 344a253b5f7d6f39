-- Where this database was written, and how far it got: from that Candor sees that it is an older copy
-- (docs/decisions/0013).
create table deployment (
    only_row          boolean primary key default true check (only_row),
    -- Names the state file of each node.
    id                uuid not null default gen_random_uuid(),
    -- Grows with each decision about a copy.
    generation        integer not null default 1,
    -- Milliseconds since 1970 where clocks allow it; always more than before.
    epoch             bigint not null,
    grown_at          timestamptz not null,
    -- The transaction that wrote this row. In a restored dump another one did.
    written_by        bigint not null,
    -- Null where the server does not say.
    system_identifier bigint,
    timeline          integer,
    database_oid      bigint not null,
    -- Why it may be an older copy; while this is set nothing is sent.
    doubt             text[],
    doubt_at          timestamptz,
    constraint doubt_has_a_reason_and_a_time
        check ((doubt is null) = (doubt_at is null) and (doubt is null or cardinality(doubt) > 0))
);

-- Fingerprints of the keys that this database is used with: another key is refused.
create table key_fingerprint (
    name        text primary key,
    fingerprint bytea not null,
    recorded_at timestamptz not null
);

-- The times that the records may lack messages of: one row for each decision about an older copy of the database.
-- The page that tells genuine messages from false ones says so (docs/decisions/0013).
create table restored_gap (
    decided_at timestamptz primary key,
    -- About when the copy was taken.
    copied_at timestamptz not null,
    -- Since when the copy was held: the lost database sent nothing after it.
    held_at timestamptz not null
);

-- A managed server or a standby may refuse each question: then it tells nothing.
create function deployment_place(out system_identifier bigint, out timeline integer, out database_oid bigint)
language plpgsql stable as $$
begin
    begin
        select c.system_identifier into system_identifier from pg_control_system() c;
    exception when others then system_identifier := null;
    end;
    begin
        -- The first eight digits of a segment's name. pg_control_checkpoint() says it only after a checkpoint.
        timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
    exception when others then timeline := null;
    end;
    select d.oid::bigint into database_oid from pg_database d where d.datname = current_database();
end $$;

-- What shows that the row was not written where it stands; empty if nothing does.
create function copy_evidence() returns text[]
language plpgsql stable as $$
declare
    evidence text[] := '{}';
    here record;
    kept record;
begin
    -- Numbers of transactions have 32 bits in a row, and 64 elsewhere.
    select d.*, d.xmin::text::bigint as row_by, d.written_by & 4294967295 as said_by into kept from deployment d;
    if not found then
        return array['row'];
    end if;
    select * into here from deployment_place();
    if kept.system_identifier <> here.system_identifier then
        evidence := evidence || 'cluster'::text;
    elsif kept.timeline <> here.timeline then
        evidence := evidence || 'timeline'::text;
    end if;
    if kept.database_oid <> here.database_oid then
        evidence := evidence || 'database'::text;
    end if;
    if kept.row_by <> kept.said_by then
        evidence := evidence || 'row'::text;
    end if;
    return evidence;
end $$;

insert into deployment (epoch, grown_at, written_by, system_identifier, timeline, database_oid)
    select (extract(epoch from clock_timestamp()) * 1000)::bigint, clock_timestamp(),
        pg_current_xact_id()::text::bigint, p.system_identifier, p.timeline, p.database_oid
    from deployment_place() p;
