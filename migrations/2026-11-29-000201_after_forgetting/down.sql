drop index ticket_open_of_incident;
