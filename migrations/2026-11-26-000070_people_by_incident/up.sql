-- The people of each incident in a part of their own (list partitioning). A first list, however long, is
-- written once, into a table without keys, indexed in bulk, and attached when it is put in force: four
-- times as fast as row by row into indexes that all incidents share. A part has the keys it needs; `bucket`
-- is in each of the unique ones. There is no default part: nothing may be in the way of attaching one.
do $$ begin
    if exists (select from scope_version where status = 'activating') then
        raise exception 'a scope version is half in force: start the former release, which ends it, then migrate';
    end if;
end $$;

alter table person rename to person_before;
create table person (like person_before including constraints) partition by list (incident_id);

do $$
declare
    i uuid;
    part text;
begin
    for i in select distinct incident_id from scope_version where status in ('active', 'superseded')
    loop
        part := format('person_%s_1', replace(i::text, '-', ''));
        execute format('create table %I (like person including constraints) with (fillfactor = 85)', part);
        execute format('insert into %I select * from person_before where incident_id = %L', part, i);
        execute format('alter table %I add constraint %I primary key (bucket, id)', part, part || '_pkey');
        execute format('create unique index %I on %I (reference_key, bucket)', part || '_reference', part);
        execute format('create index %I on %I (email_key) where email_key is not null', part || '_email', part);
        execute format('create index %I on %I using brin (name_key bytea_bloom_ops)
            with (pages_per_range = 128, autosummarize = on)', part || '_name', part);
        execute format('alter table person attach partition %I for values in (%L)', part, i);
    end loop;
end $$;
drop table person_before;

-- How many people a draft brings into each bucket and takes out of it, as its list was read: what
-- `scope_applied` says when it is put in force. Drafts of before have none: they are imported again.
alter table scope_version add column added bigint[];
alter table scope_version add column retracted bigint[];
with gone as (
    update scope_version set status = 'discarded' where status in ('importing', 'draft')
    returning incident_id, version
)
delete from scope_row r using gone where r.incident_id = gone.incident_id and r.version = gone.version;
alter table scope_version add constraint draft_says_what_it_brings
    check (status <> 'draft' or (cardinality(added) = 64 and cardinality(retracted) = 64));
