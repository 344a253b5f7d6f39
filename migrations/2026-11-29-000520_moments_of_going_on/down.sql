alter table emergency_stop drop column allowed_at;
alter table campaign_pace drop column resumed_at;
