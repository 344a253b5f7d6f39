-- Lists of tickets are paged by when each was opened, which never changes.
create index ticket_by_beginning on ticket (created_at desc, id);
