drop index ticket_waits_since;
