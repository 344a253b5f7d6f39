alter table scope_version drop constraint draft_says_what_it_brings;
alter table scope_version drop column retracted;
alter table scope_version drop column added;

create table person_after (like person including constraints) with (fillfactor = 50);
insert into person_after select * from person;
drop table person;
alter table person_after rename to person;
alter table person add primary key (bucket, id);
alter table person add unique (incident_id, bucket, reference_key);
create index person_email on person (bucket, email_key) where email_key is not null;
create index person_name on person (bucket, name_key) where name_key is not null;
