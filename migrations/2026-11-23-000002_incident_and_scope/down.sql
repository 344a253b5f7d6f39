drop table account_count, person, scope_row, scope_reject, scope_version, incident_update, incident;
drop type withheld_reason;
drop type person_standing;
drop type scope_status;
drop type scope_mode;
drop type update_kind;
drop type incident_state;
