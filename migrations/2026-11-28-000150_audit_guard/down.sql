drop index audit_event_of_subject;
drop trigger audit_event_is_not_truncated on audit_event;
