alter table batch drop column canary;
drop table campaign_pace;
drop type canary_state;
