alter table postal_item drop column replaces;
alter table postal_batch drop column without_address;
alter table account_count drop constraint account_count_pkey;
alter table account_count drop column correction, drop column minor;
delete from account_count;
insert into account_count (incident_id, bucket, standing, incomplete, n)
    select incident_id, bucket, standing, exposed & ~named <> 0, count(*) from person_now group by 1, 2, 3, 4;
alter table account_count add primary key (incident_id, bucket, standing, incomplete);
drop function correction_due_of(boolean, bigint, bigint, integer, boolean);
drop type correction_due;
