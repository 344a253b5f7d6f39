-- How many tickets in line wait too long is counted on every page of the desk: without this, all that wait are read.
create index ticket_in_line_since on ticket (waits_since) where status in ('new', 'open') and assignee is null;
