drop index ticket_follow_ups; alter table ticket drop column harm, drop column waits_since;
