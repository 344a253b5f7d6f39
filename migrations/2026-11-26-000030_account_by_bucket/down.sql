alter table scope_version drop constraint activating_by_somebody;
alter table scope_version drop column activating_by;
drop table scope_applied;
drop table account_part;
drop type account_kind;
alter table account_count drop constraint account_count_pkey;
delete from account_count;
alter table account_count drop column bucket;
alter table account_count reset (fillfactor);
alter table account_count add primary key (incident_id, standing, incomplete);
insert into account_count (incident_id, standing, incomplete, n)
    select incident_id, standing, exposed & ~named <> 0, count(*) from person group by 1, 2, 3;
