-- When a campaign last went on after somebody had paused it, or after the program had held it: what ended before says
-- nothing about how fast it goes.
alter table campaign_pace add column resumed_at timestamptz;

-- When all sending was last allowed again.
alter table emergency_stop add column allowed_at timestamptz;
