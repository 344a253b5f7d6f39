-- Importing ten million people.
--
-- Staged rows are written once and read bucket by bucket. Their primary key cost more than the rows
-- themselves; a few octets for every four pages find a bucket as well, since each chunk of an import is
-- sorted by bucket. That a reference stands in a list once, the import sees to, and in `person` a key does.
alter table scope_row drop constraint scope_row_pkey;
create index scope_row_bucket on scope_row
    using brin (incident_id, version, bucket) with (pages_per_range = 4);

-- Activation goes bucket by bucket: led by the bucket, these indexes grow in one place at a time, whereas
-- under the incident alone every new key fell on another page. A look-up asks for all buckets at once.
drop index person_incident_id_email_key_idx;
drop index person_incident_id_name_key_idx;
create index person_email on person (bucket, email_key) where email_key is not null;
create index person_name on person (bucket, name_key) where name_key is not null;
