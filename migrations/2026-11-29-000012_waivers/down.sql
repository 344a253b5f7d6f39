drop table campaign_waiver, campaign_finding;
