//! The families of metrics: the name of each, and what the text format says of it.

/// The name of a family and its help.
#[derive(Clone, Copy)]
pub(super) struct Named(pub(super) &'static str, pub(super) &'static str);

pub(super) const BUILD: Named = Named("candor_build_info", "1, with the version of the program.");
pub(super) const MESSAGES: Named = Named("candor_messages_total", "Messages handed to relays.");
pub(super) const REQUESTS: Named = Named("candor_requests_total", "Requests answered.");
pub(super) const REQUEST_SECONDS: Named = Named(
    "candor_request_duration_seconds",
    "How long requests took until their answer began.",
);
pub(super) const CONNECTIONS: Named =
    Named("candor_smtp_connections", "Open connections to relays.");
pub(super) const ACCEPTED_AT: Named = Named(
    "candor_relay_accepted_timestamp_seconds",
    "When a relay last accepted a message.",
);
pub(super) const HELD_UNTIL: Named = Named(
    "candor_relay_held_until_timestamp_seconds",
    "Until when a relay is or was held.",
);
pub(super) const QUEUE: Named = Named(
    "candor_queue",
    "Batches due, seconds the oldest has waited, batches of senders that fell silent, messages being sent.",
);
pub(super) const STOPPED: Named = Named(
    "candor_sending_stopped",
    "1 while a member of staff has stopped all sending.",
);
pub(super) const IN_DOUBT: Named = Named(
    "candor_database_in_doubt",
    "1 while the database may be an older copy and nothing is sent.",
);
pub(super) const PEOPLE: Named = Named(
    "candor_people",
    "People of the latest open incidents, by how they stand.",
);
pub(super) const TICKETS: Named = Named(
    "candor_tickets",
    "Tickets that wait in line, and of those the overdue; more than 1,000 count as 1,001.",
);
pub(super) const TICKETS_OLDEST: Named = Named(
    "candor_tickets_oldest_seconds",
    "How long the ticket has waited that waits longest.",
);
pub(super) const TICKETS_ANSWERED: Named =
    Named("candor_tickets_answered_total", "Replies that staff sent.");
pub(super) const OUTBOX_WAITING: Named = Named(
    "candor_outbox_waiting",
    "E-mails of tickets and codes that wait to leave; more than 1,000 count as 1,001.",
);
pub(super) const OUTBOX_OLDEST: Named = Named(
    "candor_outbox_oldest_seconds",
    "How long the e-mail is due that waits longest.",
);
pub(super) const OUTBOX_EMAILS: Named = Named(
    "candor_outbox_emails_total",
    "E-mails of tickets and codes that came to an end.",
);
pub(super) const POOL: Named = Named(
    "candor_database_connections",
    "Database connections: at most, open, idle; and callers that wait for one.",
);
pub(super) const IMPORT_SECONDS: Named = Named(
    "candor_import_duration_seconds",
    "How long imports of lists took.",
);
pub(super) const FREEZE_SECONDS: Named = Named(
    "candor_freeze_duration_seconds",
    "How long it took to freeze a chunk of an audience.",
);
