drop table emergency_stop, audit_head, audit_event, idempotency, api_key, staff_session, staff;
drop function refuse_change();
drop type staff_role;
