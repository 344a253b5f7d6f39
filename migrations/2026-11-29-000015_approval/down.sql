drop table campaign_approval;
delete from outbox where staff_id is not null;
alter table outbox drop column staff_id;
-- Postgres cannot take a word out of an enum: `campaign_news` and `account_disabled` stay, and nothing uses them.
