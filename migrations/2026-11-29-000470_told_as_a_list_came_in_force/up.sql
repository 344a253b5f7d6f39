-- People who had been told of an element that the version takes back, as it came in force in the bucket.
alter table scope_applied add column told_too_much bigint not null default 0;
