-- The account counts people who were told of something that is not theirs, and minors, whom an incident may tell by a
-- letter to the guardian.
--
-- Senders and web nodes of the former release must have stopped before this runs: they do not write the new counters.

-- How a person is to be corrected. 'withheld': their flags forbid to write to them.
create type correction_due as enum ('none', 'email', 'letter', 'withheld');

-- `person::correction_due`, as a test makes sure.
create function correction_due_of(retracted boolean, exposed bigint, named bigint, flags integer, reachable boolean)
returns correction_due language sql immutable parallel safe as $$
    select case
        when case when retracted then named else named & ~exposed end = 0 then 'none'
        when flags & 26 <> 0 then 'withheld'
        when reachable then 'email'
        else 'letter'
    end::correction_due
$$;

alter table account_count drop constraint account_count_pkey;
alter table account_count
    add column correction correction_due not null default 'none',
    -- `Flags::MINOR`.
    add column minor boolean not null default false,
    add primary key (incident_id, bucket, standing, incomplete, correction, minor);
delete from account_count;
insert into account_count (incident_id, bucket, standing, incomplete, correction, minor, n)
    select incident_id, bucket, standing, exposed & ~named <> 0,
        correction_due_of(standing = 'retracted', exposed, named, flags, reachable), flags & 1 <> 0, count(*)
    from person_now group by 1, 2, 3, 4, 5, 6;

alter table postal_batch
    -- People who belonged on it and have no postal address: they are not on it.
    add column without_address bigint not null default 0;
alter table postal_item
    -- A correction: its person knows what it names and nothing else.
    add column replaces boolean not null default false;
