drop index api_key_of_staff;
drop index staff_session_of_staff;
alter table staff_session drop column seen_at;
drop index staff_session_by_id;
alter table staff_session drop column id;
