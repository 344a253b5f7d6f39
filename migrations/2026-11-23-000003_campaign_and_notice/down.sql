drop table outcome, notice, batch, campaign_freeze, campaign_count, campaign, template_variant, template_version, template;
drop type attempt_result;
drop type notice_status;
drop type batch_status;
drop type uncertain_policy;
drop type campaign_status;
drop type campaign_kind;
