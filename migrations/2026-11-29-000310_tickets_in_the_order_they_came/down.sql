drop index ticket_by_beginning;
