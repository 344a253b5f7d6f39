-- As notice_left_out, of those who are offered by no later campaign.
create index notice_left_out_for_good on notice (campaign_id, withheld) where withheld in ('not_affected', 'already_told');
