-- The helpline: tickets, their words (sealed), and letters that are not notices.

create type ticket_status as enum ('new', 'open', 'pending', 'on_hold', 'solved', 'closed');
create type ticket_channel as enum ('web', 'phone', 'mail');
create type ticket_resolution as enum
    ('answered', 'self_service', 'duplicate', 'merged', 'spam', 'no_response', 'withdrawn', 'referred');
create type message_kind as enum ('customer', 'agent', 'note', 'call');
create type letter_kind as enum ('ticket_received', 'ticket_reply', 'one_time_code');
create type letter_status as enum ('queued', 'sent', 'failed');

-- P8: THE table. ticket::status holds the same pairs and the program refuses to start if they differ.
create table ticket_transition (
    from_status ticket_status not null,
    to_status   ticket_status not null,
    primary key (from_status, to_status)
);
insert into ticket_transition (from_status, to_status) values
    ('new', 'open'), ('new', 'solved'), ('new', 'closed'),
    ('open', 'pending'), ('open', 'on_hold'), ('open', 'solved'), ('open', 'closed'),
    ('pending', 'open'), ('pending', 'on_hold'), ('pending', 'solved'), ('pending', 'closed'),
    ('on_hold', 'open'), ('on_hold', 'pending'), ('on_hold', 'solved'), ('on_hold', 'closed'),
    ('solved', 'open'), ('solved', 'closed');

-- person_id names a row of the big family, which no foreign key may do; null for a caller not found.
create table ticket (
    id               uuid primary key,
    number           text not null,
    incident_id      uuid not null references incident,
    person_id        uuid,
    status           ticket_status not null,
    version          int not null default 1,
    channel          ticket_channel not null,
    locale           text not null,
    subject          bytea not null,
    urgency          int not null,
    urgency_why      text not null,
    assignee         uuid references staff,
    lease_until      timestamptz,
    queued_at        timestamptz not null,
    messages         int not null default 0,
    customer_message int not null default 0,
    reason           text,
    review_at        timestamptz,
    resolution       ticket_resolution,
    solved_at        timestamptz,
    closed_at        timestamptz,
    follow_up_of     uuid references ticket,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    constraint ticket_number_is_taken unique (number),
    constraint lease_has_a_holder check (lease_until is null or assignee is not null),
    constraint on_hold_has_reason_and_review
        check (status <> 'on_hold' or (reason is not null and review_at is not null)),
    constraint review_only_on_hold check (review_at is null or status = 'on_hold'),
    constraint solved_at_iff_solved check (status = 'closed' or (solved_at is not null) = (status = 'solved')),
    constraint closed_at_iff_closed check ((closed_at is not null) = (status = 'closed')),
    constraint resolution_iff_done check ((resolution is not null) = (status in ('solved', 'closed')))
) with (fillfactor = 85);
create index ticket_to_take on ticket (urgency desc, queued_at, id)
    where status in ('new', 'open') and assignee is null;
create index ticket_mine on ticket (assignee, updated_at desc, id) where status <> 'closed';
create index ticket_by_activity on ticket (updated_at desc, id);
create index ticket_of_person on ticket (person_id, created_at desc);
create index ticket_lease on ticket (lease_until) where lease_until is not null;

-- Every move of every ticket. The foreign key is what refuses an illegal one, raw SQL included.
create table ticket_history (
    id          bigint generated always as identity primary key,
    ticket_id   uuid not null references ticket,
    from_status ticket_status,
    to_status   ticket_status not null,
    actor       text not null,
    reason      text,
    at          timestamptz not null,
    constraint only_legal_moves foreign key (from_status, to_status) references ticket_transition,
    constraint born_new_or_open check (from_status is not null or to_status in ('new', 'open'))
);
create index on ticket_history (ticket_id, id);
create trigger ticket_history_is_append_only before update or delete on ticket_history
    for each row execute function refuse_change();

-- The actor, reason and time of a move are handed over in settings of the transaction.
create function record_ticket_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.status is distinct from old.status then
        insert into ticket_history (ticket_id, from_status, to_status, actor, reason, at) values (
            new.id,
            case when tg_op = 'UPDATE' then old.status end,
            new.status,
            coalesce(nullif(current_setting('candor.actor', true), ''), 'sql:' || current_user),
            nullif(current_setting('candor.reason', true), ''),
            coalesce(nullif(current_setting('candor.now', true), '')::timestamptz, clock_timestamp()));
    end if;
    return null;
end $$;
create trigger ticket_moves_are_recorded after insert or update of status on ticket
    for each row execute function record_ticket_move();

create table ticket_message (
    ticket_id  uuid not null references ticket,
    no         int not null check (no > 0),
    kind       message_kind not null,
    author     text not null,
    sealed     bytea not null,
    created_at timestamptz not null,
    primary key (ticket_id, no)
);
create trigger ticket_message_is_append_only before update or delete on ticket_message
    for each row execute function refuse_change();

-- Letters that are not notices. `sealed` is the letter; it is dropped once sent.
create table outbox (
    id          uuid primary key,
    kind        letter_kind not null,
    incident_id uuid not null references incident,
    ticket_id   uuid references ticket,
    message_no  int,
    sealed      bytea,
    status      letter_status not null,
    attempts    int not null default 0,
    due_at      timestamptz not null,
    fence       int not null default 0,
    lease_until timestamptz,
    reply       text,
    created_at  timestamptz not null,
    settled_at  timestamptz,
    constraint letter_kept_until_settled check ((status = 'queued') = (sealed is not null)),
    constraint settled_iff_not_queued check ((status = 'queued') = (settled_at is null))
);
create index outbox_to_send on outbox (due_at) where status = 'queued';
create index on outbox (ticket_id, message_no) where ticket_id is not null;

-- The second step on the status page: a code sent to the address on file. One at a time a person.
create table one_time_code (
    bucket     int not null,
    person_id  uuid not null,
    code_hash  bytea not null,
    tries      smallint not null default 0,
    expires_at timestamptz not null,
    primary key (bucket, person_id)
);
