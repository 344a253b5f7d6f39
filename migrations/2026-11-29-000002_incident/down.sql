drop table incident_update, incident;
drop type minors_rule, update_kind, incident_state;
