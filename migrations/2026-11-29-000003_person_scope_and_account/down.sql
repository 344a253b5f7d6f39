drop table account_part, account_count, upload_piece, upload, scope_applied, scope_row, scope_reject, scope_version;
drop view person_now;
drop table person_former, person_origin, person_past, person_since, person;
drop function correction_due_of, withheld_reason_of, is_notified, standing_of;
drop type account_kind, scope_status, scope_mode, correction_due, told_by, withheld_reason, person_standing;
