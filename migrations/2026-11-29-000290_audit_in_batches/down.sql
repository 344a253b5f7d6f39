alter table emergency_stop drop column unrecorded;
drop trigger audit_head_is_not_truncated on audit_head;
drop trigger audit_head_is_guarded on audit_head;
drop function guard_audit_head();
drop trigger audit_event_is_append_only on audit_event;
drop function guard_audit_event();
drop function audit_link(uuid[], bigint[], bytea[], bytea[]);
drop function audit_write(uuid, timestamptz, text, text, text, text);
drop index audit_event_by_predecessor;
drop index audit_event_waits;
drop index audit_event_by_number;
alter table audit_event drop column written_at;
alter table audit_event drop constraint audit_event_pkey;
alter table audit_event drop column id;
alter table audit_event drop constraint linked_as_a_whole;
-- Refused while entries wait to be linked: they would have no number.
alter table audit_event alter column hash set not null;
alter table audit_event alter column prev_hash set not null;
alter table audit_event alter column seq set not null;
alter table audit_event add constraint audit_event_hash_key unique (hash);
alter table audit_event add primary key (seq);
create trigger audit_event_is_append_only before update or delete on audit_event
    for each row execute function refuse_change();
