-- How many notices of a campaign were left out as they were about to leave. Few are, so this index stays small; the
-- others pay one comparison when they are written.
create index notice_left_out on notice (campaign_id, withheld) where withheld in ('changed', 'no_address');
