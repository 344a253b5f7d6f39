drop index person_name;
drop index person_email;
create index on person (incident_id, email_key) where email_key is not null;
create index on person (incident_id, name_key) where name_key is not null;
drop index scope_row_bucket;
alter table scope_row add primary key (incident_id, version, bucket, reference_key, line);
