-- The withheld notices of a campaign in the order of its lists. Sending a message does not write to this index: a notice
-- that is sent was never withheld.
create index notice_withheld on notice (campaign_id, bucket, person_id) where withheld is not null;
-- The campaigns of an incident, newest first, page by page.
create index campaign_of_incident on campaign (incident_id, id);
