-- `incident.facts` has the texts of all claims by key and language already.
alter table incident drop column published_claims;
drop table claim_version;
