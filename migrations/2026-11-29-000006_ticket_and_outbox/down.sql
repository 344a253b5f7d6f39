drop table one_time_code, outbox, ticket_message, ticket_history, ticket, ticket_transition;
drop function record_ticket_move, guard_ticket_history;
drop type letter_withheld, letter_status, letter_kind, message_kind, ticket_resolution, ticket_channel, ticket_status;
