drop table audit_head, audit_event, wrong_code, idempotency, api_key, staff_session, staff;
drop function guard_audit_head, guard_audit_event, audit_link, audit_write, refuse_change;
drop type staff_role;
