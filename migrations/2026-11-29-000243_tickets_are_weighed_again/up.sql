-- `harm` is the set of harms that the customer told of, as bits (ticket::urgency::Harms), so that a ticket can be weighed
-- again when the list says something else of its person. `waits_since` is when the customer began to wait for
-- us: the promised time of an answer counts from it, while `queued_at` stays the place in line.
alter table ticket
    add column harm        int not null default 0,
    add column waits_since timestamptz;
update ticket set waits_since = queued_at,
    harm = case when urgency_why like '%danger to life%' then 1 else 0 end
         + case when urgency_why like '%fraud or theft%' then 2 else 0 end
         + case when urgency_why like '%taken over%' then 4 else 0 end
         + case when urgency_why like '%police or a court%' then 8 else 0 end;
create index ticket_follow_ups on ticket (follow_up_of) where follow_up_of is not null;
