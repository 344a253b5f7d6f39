-- Tickets in line that wait for longer than a moment are counted at each look of /metrics and of the helpline: from the
-- index, up to the number that is shown. In the words of ticket_to_take.
create index ticket_waits_since on ticket (waits_since) where status in ('new', 'open') and assignee is null;
