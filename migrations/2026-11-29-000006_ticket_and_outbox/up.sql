-- The helpline: tickets, their messages (sealed), and e-mails that are not notices.

create type ticket_status as enum ('new', 'open', 'pending', 'on_hold', 'solved', 'closed');
create type ticket_channel as enum ('web', 'phone', 'mail');
create type ticket_resolution as enum
    ('answered', 'self_service', 'duplicate', 'merged', 'spam', 'no_response', 'withdrawn', 'referred');

-- P8: the legal moves. ticket::status holds the same pairs and the program refuses to start if they differ.
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

create table ticket (
    id               uuid primary key,
    number           text not null,
    incident_id      uuid not null references incident,
    -- Names a row of the big family, which no foreign key may do; null for a caller who was not found.
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
    review_at        timestamptz,
    resolution       ticket_resolution,
    solved_at        timestamptz,
    closed_at        timestamptz,
    follow_up_of     uuid references ticket,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    -- The set of harms that the customer told of, as bits (`ticket::harm::Harms`), so that the urgency of a ticket can be
    -- computed again when the list says something else of its person.
    harm             int not null default 0,
    -- When the customer began to wait for us: the promised time of an answer counts from it, while `queued_at` stays the
    -- place in the queue.
    waits_since      timestamptz not null,
    -- Why it is on hold, as staff typed it, under the incident's key.
    reason_sealed    bytea,
    -- Whether the caller of a logged call was verified. Null: the ticket is no call.
    caller_verified  boolean,
    constraint ticket_number_is_taken unique (number),
    constraint lease_has_a_holder check (lease_until is null or assignee is not null),
    constraint on_hold_has_reason_and_review check (
        status <> 'on_hold' or (reason_sealed is not null and review_at is not null)),
    constraint review_only_on_hold check (review_at is null or status = 'on_hold'),
    constraint solved_at_iff_solved check (status = 'closed' or (solved_at is not null) = (status = 'solved')),
    constraint closed_at_iff_closed check ((closed_at is not null) = (status = 'closed')),
    constraint resolution_iff_done check ((resolution is not null) = (status in ('solved', 'closed'))),
    constraint only_calls_have_callers check (caller_verified is null or channel = 'phone')
) with (fillfactor = 85);
create index ticket_to_take on ticket (urgency desc, queued_at, id)
    where status in ('new', 'open') and assignee is null;
-- How many tickets in the queue wait too long is counted on every page of the helpline: without this, all that wait are
-- read.
create index ticket_in_line_since on ticket (waits_since) where status in ('new', 'open') and assignee is null;
create index ticket_mine on ticket (assignee, updated_at desc, id) where status <> 'closed';
create index ticket_by_activity on ticket (updated_at desc, id);
-- Lists of tickets are paged by when each was opened, which never changes.
create index ticket_by_beginning on ticket (created_at desc, id);
create index ticket_of_person on ticket (person_id, created_at desc);
create index ticket_lease on ticket (lease_until) where lease_until is not null;
create index ticket_follow_ups on ticket (follow_up_of) where follow_up_of is not null;
-- Closing and forgetting count the open tickets of one incident.
create index ticket_open_of_incident on ticket (incident_id)
    where status in ('new', 'open', 'pending', 'on_hold');

-- Every move of every ticket. The foreign key is what refuses an illegal one, raw SQL included.
create table ticket_history (
    id            bigint generated always as identity primary key,
    ticket_id     uuid not null references ticket,
    from_status   ticket_status,
    to_status     ticket_status not null,
    actor         text not null,
    -- Under the incident's key.
    reason_sealed bytea,
    at            timestamptz not null,
    constraint only_legal_moves foreign key (from_status, to_status) references ticket_transition,
    constraint born_new_or_open check (from_status is not null or to_status in ('new', 'open'))
);
create index on ticket_history (ticket_id, id);

create function guard_ticket_history() returns trigger language plpgsql as $$
begin
    raise exception 'ticket_history is append-only' using errcode = 'restrict_violation';
end $$;
create trigger ticket_history_is_append_only before update or delete on ticket_history
    for each row execute function guard_ticket_history();

-- The program passes the actor, reason and time of a move in settings of the transaction.
create function record_ticket_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.status is distinct from old.status then
        insert into ticket_history (ticket_id, from_status, to_status, actor, reason_sealed, at) values (
            new.id,
            case when tg_op = 'UPDATE' then old.status end,
            new.status,
            coalesce(nullif(current_setting('candor.actor', true), ''), 'sql:' || current_user),
            decode(nullif(current_setting('candor.reason_sealed', true), ''), 'hex'),
            coalesce(nullif(current_setting('candor.now', true), '')::timestamptz, clock_timestamp()));
    end if;
    return null;
end $$;
create trigger ticket_moves_are_recorded after insert or update of status on ticket
    for each row execute function record_ticket_move();

create type message_kind as enum ('customer', 'agent', 'note', 'call');

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

create type letter_kind as enum ('ticket_received', 'ticket_reply', 'one_time_code');
-- 'withheld': not sent, because the person must not be written to any more. 'uncertain': perhaps sent; it waited in a copy
-- of the database, and nothing tells what was sent after the copy was taken.
create type letter_status as enum ('queued', 'sent', 'failed', 'withheld', 'uncertain');
create type letter_withheld as enum
    ('legal_hold', 'deceased', 'protected_address', 'retracted', 'no_address', 'address_changed',
     'link_revoked', 'expired', 'unknown_person', 'forgotten');

-- E-mails that are not notices. Their sender reads the person again before each one leaves.
create table outbox (
    id          uuid primary key,
    kind        letter_kind not null,
    incident_id uuid not null references incident,
    -- The addressee, and the epoch of the status links in the text.
    person_id   uuid,
    link_epoch  smallint,
    ticket_id   uuid references ticket,
    message_no  int,
    -- The e-mail; it is erased once it is sent.
    sealed      bytea,
    status      letter_status not null,
    withheld    letter_withheld,
    attempts    int not null default 0,
    due_at      timestamptz not null,
    fence       int not null default 0,
    lease_until timestamptz,
    reply       text,
    created_at  timestamptz not null,
    settled_at  timestamptz,
    -- What the retry policy knows of the attempts, apart from their number: those that ended before anything was sent;
    -- those after which it may have arrived; permanent refusals that were not final, and when the first of them came;
    -- when the first attempt was made.
    lost           int not null default 0,
    doubts         int not null default 0,
    refusals       int not null default 0,
    refused_at     timestamptz,
    first_tried_at timestamptz,
    -- Why it failed or is uncertain: a reason of bounces, `expired` or `connection_lost`.
    reason         text,
    constraint letter_kept_until_settled check ((status = 'queued') = (sealed is not null)),
    constraint settled_iff_not_queued check ((status = 'queued') = (settled_at is null)),
    constraint withheld_iff_a_reason check ((status = 'withheld') = (withheld is not null)),
    constraint refused_at_iff_refusals check ((refusals = 0) = (refused_at is null)),
    constraint only_a_bad_end_has_a_reason check (reason is null or status in ('failed', 'uncertain'))
);
create index outbox_to_send on outbox (due_at) where status = 'queued';
create index on outbox (ticket_id, message_no) where ticket_id is not null;

-- The second step on the status page: a code sent to the address on file. One at a time for a person.
create table one_time_code (
    bucket       int not null,
    person_id    uuid not null,
    code_hash    bytea not null,
    -- The key of the address the code was sent to (`person.email_key`): it is refused once the person has another.
    sent_to      bytea,
    -- Its e-mail in `outbox`, so that the page can say what became of it.
    letter_id    uuid,
    tries        smallint not null default 0,
    expires_at   timestamptz not null,
    -- How many codes the person was sent since when: a reader who holds another person's link could otherwise have a code
    -- sent every minute, and guess five times at each.
    counted_from timestamptz not null default 'epoch',
    counted      smallint not null default 0,
    primary key (bucket, person_id)
);
