-- Campaigns, and every notice with what became of it.
-- `notice` and `outcome` belong to the big family (docs/architecture.md, "Beyond one machine").

create type campaign_kind as enum ('initial', 'supplement', 'correction');
create type campaign_status as enum
    ('draft', 'in_review', 'approved', 'scheduled', 'sending', 'paused', 'completed', 'cancelled');
create type uncertain_policy as enum ('resend', 'leave');

create table campaign (
    id               uuid primary key,
    incident_id      uuid not null references incident,
    template_id      uuid not null,
    template_version int not null,
    kind             campaign_kind not null,
    audience         jsonb not null,
    limits           jsonb not null,
    on_uncertain     uncertain_policy not null default 'resend',
    -- P5: what is submitted: texts, facts, audience, limits, as JSON; its exact bytes are hashed. Senders read nothing
    -- else.
    content          text,
    -- What its author acknowledged when it was submitted, and who did: languages of readers without a text of their own,
    -- and facts that a text quotes in another language. {"fr": "stf_…", "es:what_happened": "stf_…"}
    acknowledged     jsonb not null default '{}',
    status           campaign_status not null,
    -- What the program says about the status. What staff type may name people: it is sealed under the incident's key.
    status_reason    text,
    reason_sealed    bytea,
    version          int not null default 1,
    created_by       uuid not null references staff,
    created_at       timestamptz not null,
    submitted_by     uuid references staff,
    approved_by      uuid references staff,
    approved_at      timestamptz,
    -- The hash that was approved; launching needs the present content to give it still.
    approved_hash    bytea,
    launched_by      uuid references staff,
    launched_at      timestamptz,
    ended_at         timestamptz,
    foreign key (template_id, template_version) references template_version,
    constraint content_once_submitted check (status in ('draft', 'cancelled') or content is not null),
    constraint approved_by_another check (approved_by <> created_by and approved_by <> submitted_by),
    constraint approved_whole check ((approved_by is null) = (approved_hash is null)
        and (approved_by is null) = (approved_at is null)),
    constraint launched_when_sending check ((status in ('sending', 'paused', 'completed')) <= (launched_at is not null)),
    constraint launched_needs_approval check (launched_at is null or approved_hash is not null),
    constraint ended_iff_over check ((status in ('completed', 'cancelled')) = (ended_at is not null))
);
create index on campaign (incident_id, created_at desc);
-- The campaigns of an incident, newest first, page by page.
create index campaign_of_incident on campaign (incident_id, id);
create index on campaign (status) where status in ('sending', 'paused');

create type canary_state as enum ('none', 'running', 'passed');

-- What the program itself decides about a campaign under way: its canary, and how fast it may go.
create table campaign_pace (
    campaign_id uuid primary key references campaign,
    canary      canary_state not null,
    -- Notices that are still to be frozen into the canary.
    canary_left int not null,
    -- When the canary had ended well.
    passed_at   timestamptz,
    -- Of its rate: 100 unless something slows it, 0 holds it.
    percent     smallint not null default 100,
    -- Why it goes slower, a sentence.
    reason      text,
    -- When it was last resumed, after staff had paused it or the program had held it: what ended before says nothing
    -- about how fast it goes.
    resumed_at  timestamptz,
    constraint percent_of_the_rate check (percent between 0 and 100),
    constraint slowed_with_a_reason check ((percent < 100) = (reason is not null)),
    constraint canary_left_while_running check (canary_left >= 0 and (canary = 'running' or canary_left = 0))
);

-- The switch behind `candor stop`: while it is set, no sender takes a message.
create table emergency_stop (
    only_row   boolean primary key default true check (only_row),
    stopped_at timestamptz,
    stopped_by text,
    -- When sending was last allowed again.
    allowed_at timestamptz,
    -- A stop takes effect before its events of the audit log are written, and whether or not they can be. Events that
    -- are not written yet wait here, in the row of the stop itself.
    unrecorded jsonb not null default '[]',
    constraint stopped_by_somebody check ((stopped_at is null) = (stopped_by is null))
);
insert into emergency_stop (only_row) values (true);

-- The senders at work: each writes a heartbeat every half second, and all share every limit of relays, campaigns and
-- providers.
create table sender (
    id        uuid primary key,
    node      text not null,
    -- When the sender began, by the database's clock: a batch with a lease that was last renewed before any sender of its node
    -- began is held by one that died.
    began_at  timestamptz not null default now(),
    seen_at   timestamptz not null,
    -- The relays of a sender as it sees them.
    relays    jsonb not null default '[]',
    -- The campaigns with notices that a sender has leased and can send.
    campaigns uuid[] not null default '{}',
    -- How many notices of each campaign a sender has on its connections: {"campaign": n}.
    sending   jsonb not null default '{}',
    -- Whether a sender sends messages of the outbox, or did in the last seconds.
    outbox    boolean not null default false
);

create type notice_status as enum
    ('queued', 'sending', 'sent', 'deferred', 'bounced', 'expired', 'uncertain', 'withheld', 'cancelled');

-- Notices by state, changed in the transactions that change them.
create table campaign_count (
    campaign_id uuid not null references campaign,
    status      notice_status not null,
    n           bigint not null,
    primary key (campaign_id, status)
);

-- The audience is frozen bucket by bucket while sending already runs; `after` is how far it got.
create table campaign_freeze (
    campaign_id uuid not null references campaign,
    bucket      int not null,
    after       uuid not null,
    next_batch  int not null default 0,
    done        boolean not null default false,
    primary key (campaign_id, bucket)
);
create index on campaign_freeze (campaign_id) where not done;

create type batch_status as enum ('ready', 'leased', 'waiting', 'done');

-- The unit of work: some hundred notices of one bucket, found in a run of ids.
create table batch (
    campaign_id uuid not null references campaign,
    bucket      int not null,
    batch_no    int not null,
    size        int not null,
    first_id    uuid not null,
    last_id     uuid not null,
    status      batch_status not null,
    due_at      timestamptz not null,
    -- Grows with each lease, so that a sender that lost its lease can no longer finish the batch.
    fence       int not null default 0,
    leased_by   text,
    lease_until timestamptz,
    -- A batch of the canary. The others wait until it has ended well.
    canary      boolean not null default false,
    -- Which states that few notices end in its notices have been in, a bit each (`delivery::store::list`): of ten million,
    -- the fourteen that are uncertain are found in their batches instead of among all. An index on the state would
    -- forbid to settle notices in place.
    ends        integer not null default 0,
    primary key (campaign_id, bucket, batch_no),
    constraint leased_iff_lease check ((status = 'leased') = (lease_until is not null and leased_by is not null))
);
create index batch_to_claim on batch (campaign_id, due_at) where status <> 'done';

-- A campaign changes every notice once, in sets of one batch. With as much room in a page as the page's rows take, the new
-- versions stay in it and no index is touched (HOT); without, each change wrote three or four index entries and left as
-- much space dead.
create table notice (
    bucket      int not null,
    id          uuid not null,
    campaign_id uuid not null,
    incident_id uuid not null,
    person_id   uuid not null,
    batch_no    int not null,
    status      notice_status not null,
    withheld    withheld_reason,
    named       bigint not null,
    code_key    bigint not null,
    attempts    smallint not null,
    due_at      timestamptz,
    created_at  timestamptz not null,
    settled_at  timestamptz,
    primary key (bucket, id),
    unique (campaign_id, bucket, person_id),
    constraint notice_withheld_with_a_reason check ((status = 'withheld') = (withheld is not null)),
    constraint due_iff_deferred check ((status = 'deferred') = (due_at is not null))
) with (fillfactor = 50);
create index on notice (bucket, code_key);
-- How many notices of a campaign were left out as they were about to leave. Few are, so these two indexes stay small; the
-- others pay one comparison when they are written.
create index notice_left_out on notice (campaign_id, withheld) where withheld in ('changed', 'no_address');
-- The same, of people that no later campaign offers.
create index notice_left_out_for_good on notice (campaign_id, withheld) where withheld in ('not_affected', 'already_told');
-- The withheld notices of a campaign in the order of its lists. Sending a message does not write to this index: a notice
-- that is sent was never withheld.
create index notice_withheld on notice (campaign_id, bucket, person_id) where withheld is not null;

create type attempt_result as enum
    ('in_flight', 'accepted', 'deferred', 'refused', 'expired', 'unreachable', 'uncertain', 'cancelled');

-- Append-only. Each attempt leaves two rows: `in_flight` before DATA, and its result afterwards.
-- An attempt with only the first row died in between: that notice is uncertain (P3).
create table outcome (
    bucket      int not null,
    notice_id   uuid not null,
    attempt     smallint not null,
    settled     boolean not null,
    campaign_id uuid not null,
    result      attempt_result not null,
    relay       text not null,
    code        smallint,
    enhanced    text,
    reply       text,
    reason      text,
    retry_at    timestamptz,
    at          timestamptz not null,
    primary key (bucket, notice_id, attempt, settled),
    constraint settled_iff_result check (settled = (result <> 'in_flight'))
);
-- Few attempts end so that it is not known whether the message arrived. A person who was sent a later one may have two
-- copies.
create index outcome_uncertain on outcome (campaign_id) where result = 'uncertain';

-- The results of attempts, minute by minute: what the page of a campaign draws. It changes in the transaction that
-- changes the states of their notices, so it is as exact as they are.
create table campaign_tally (
    campaign_id uuid not null references campaign,
    minute      timestamptz not null,
    relay       text not null,
    -- The mailbox provider: a name of the configuration, or `other`.
    provider    text not null,
    result      attempt_result not null,
    -- 0 and empty where there was none.
    code        smallint not null,
    enhanced    text not null,
    reason      text not null,
    n           bigint not null,
    primary key (campaign_id, minute, relay, provider, result, code, enhanced, reason)
);
