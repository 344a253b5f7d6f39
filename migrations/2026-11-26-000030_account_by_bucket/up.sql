-- The account in parts, and activation bucket by bucket.

-- Senders of different buckets no longer wait for each other's counters. Half of each page stays free, so
-- that a counter moves within its page and no index is touched.
alter table account_count drop constraint account_count_pkey;
alter table account_count add column bucket int not null default 0;
alter table account_count alter column bucket drop default;
delete from account_count;
alter table account_count set (fillfactor = 50);
alter table account_count add primary key (incident_id, bucket, standing, incomplete);
insert into account_count (incident_id, bucket, standing, incomplete, n)
    select incident_id, bucket, standing, exposed & ~named <> 0, count(*) from person group by 1, 2, 3, 4;

create type account_kind as enum ('jurisdiction', 'locale', 'element', 'reason');

-- The same people once more by one property at a time: as many rows as there are words, whatever the number
-- of people or of combinations. `value` is the code of a jurisdiction (empty: unknown), a locale, the bit of an
-- element, or a reason for withholding. Of an element, `incomplete` means that this element is not named yet.
create table account_part (
    incident_id uuid not null references incident,
    bucket      int not null,
    kind        account_kind not null,
    value       text not null,
    standing    person_standing not null,
    incomplete  boolean not null,
    n           bigint not null,
    primary key (incident_id, kind, bucket, value, standing, incomplete)
) with (fillfactor = 50);
insert into account_part (incident_id, bucket, kind, value, standing, incomplete, n)
    select p.incident_id, p.bucket, part.kind, part.value, p.standing, part.incomplete, count(*)
    from person p
    cross join lateral (
        select 'jurisdiction'::account_kind as kind, p.jurisdiction as value,
            p.exposed & ~p.named <> 0 as incomplete
        union all select 'locale', p.locale, p.exposed & ~p.named <> 0
        union all select 'reason', p.withheld::text, p.exposed & ~p.named <> 0 where p.withheld is not null
        union all select 'element', bit::text, (p.exposed & ~p.named) >> bit & 1 = 1
            from generate_series(0, 62) bit where p.exposed >> bit & 1 = 1
    ) part
    group by 1, 2, 3, 4, 5, 6;

-- What each version brought into each bucket: the other set of books, and how far an activation has come.
-- `at` is also since when the version is believed of the people in this bucket.
create table scope_applied (
    incident_id uuid not null,
    version     int not null,
    bucket      int not null,
    added       bigint not null,
    retracted   bigint not null,
    at          timestamptz not null,
    primary key (incident_id, version, bucket),
    foreign key (incident_id, version) references scope_version
);
-- How versions before this table divide is not known: bucket 0 stands for the whole.
insert into scope_applied (incident_id, version, bucket, added, retracted, at)
    select v.incident_id, v.version, b.bucket,
        case when b.bucket = 0 then coalesce((v.delta->>'people_added')::bigint, 0) else 0 end,
        case when b.bucket = 0 then coalesce((v.delta->>'people_retracted')::bigint, 0) else 0 end,
        v.activated_at
    from scope_version v cross join generate_series(0, 63) as b (bucket)
    where v.status in ('active', 'superseded');

alter table scope_version add column activating_by uuid references staff;
alter table scope_version add constraint activating_by_somebody
    check (status <> 'activating' or activating_by is not null);
