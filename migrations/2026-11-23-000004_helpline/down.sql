drop table one_time_code, outbox, ticket_message, ticket_history, ticket, ticket_transition;
drop function record_ticket_move();
drop type letter_status;
drop type letter_kind;
drop type message_kind;
drop type ticket_resolution;
drop type ticket_channel;
drop type ticket_status;
