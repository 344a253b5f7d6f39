-- The log is not emptied at one stroke either. Whoever owns the table can still drop a trigger: what `candor audit
-- verify` prints belongs outside of this database (docs/operations.md).
create trigger audit_event_is_not_truncated before truncate on audit_event
    for each statement execute function refuse_change();

-- Pages show the latest deeds of one subject; without this they read the log backwards until they find some.
create index audit_event_of_subject on audit_event (subject, seq desc);
