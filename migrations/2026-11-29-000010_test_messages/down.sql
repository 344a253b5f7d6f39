-- Postgres cannot drop a word of an enum: the type is made again without it.
delete from campaign_test;
delete from outbox where kind = 'test';
alter type letter_kind rename to letter_kind_before;
create type letter_kind as enum ('ticket_received', 'ticket_reply', 'one_time_code');
alter table outbox alter column kind type letter_kind using kind::text::letter_kind;
drop type letter_kind_before;
