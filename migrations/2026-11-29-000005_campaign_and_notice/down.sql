drop table campaign_tally, outcome, notice, batch, campaign_freeze, campaign_count, sender, emergency_stop,
    campaign_pace, campaign;
drop type attempt_result, batch_status, notice_status, canary_state, uncertain_policy, campaign_status, campaign_kind;
