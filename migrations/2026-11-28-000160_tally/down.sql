alter table sender drop column campaigns;
alter table sender drop column relays;
alter table campaign_pace drop column passed_at;
drop table campaign_tally;
