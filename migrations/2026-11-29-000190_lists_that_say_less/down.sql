delete from scope_reject where file > 1;
alter table scope_reject drop constraint scope_reject_pkey;
alter table scope_reject drop column file;
alter table scope_reject add primary key (incident_id, version, line);
alter table scope_row drop column lacks, drop column another;
