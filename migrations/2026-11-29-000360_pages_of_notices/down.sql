drop index campaign_of_incident;
drop index notice_withheld;
