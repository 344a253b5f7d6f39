drop index ticket_in_line_since;
