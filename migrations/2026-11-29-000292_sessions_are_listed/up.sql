-- A session has a name that its owner can end it by, and ends when nothing was asked under it for a while. Null: the
-- session began under an older program, and counts as seen when it began.
alter table staff_session add column id uuid not null default gen_random_uuid();
alter table staff_session alter column id drop default;
create unique index staff_session_by_id on staff_session (id);
alter table staff_session add column seen_at timestamptz;
create index staff_session_of_staff on staff_session (staff_id);
create index api_key_of_staff on api_key (staff_id);
