-- Templates, campaigns, and every notice with what became of it.
-- `notice` and `outcome` belong to the big family: see the migration before this one.

create type campaign_kind as enum ('initial', 'supplement', 'correction');
create type campaign_status as enum
    ('draft', 'in_review', 'approved', 'scheduled', 'sending', 'paused', 'completed', 'cancelled');
create type uncertain_policy as enum ('resend', 'leave');
create type batch_status as enum ('ready', 'leased', 'waiting', 'done');
create type notice_status as enum
    ('queued', 'sending', 'sent', 'deferred', 'bounced', 'expired', 'uncertain', 'withheld', 'cancelled');
create type attempt_result as enum
    ('in_flight', 'accepted', 'deferred', 'refused', 'expired', 'unreachable', 'uncertain', 'cancelled');

create table template (
    id         uuid primary key,
    name       text not null,
    created_by uuid not null references staff,
    created_at timestamptz not null,
    constraint template_name_is_taken unique (name)
);

create table template_version (
    template_id uuid not null references template,
    version     int not null check (version > 0),
    created_by  uuid not null references staff,
    created_at  timestamptz not null,
    primary key (template_id, version)
);

create table template_variant (
    template_id uuid not null,
    version     int not null,
    locale      text not null,
    subject     text not null,
    body        text not null,
    primary key (template_id, version, locale),
    foreign key (template_id, version) references template_version
);
create trigger template_variant_is_immutable before update or delete on template_variant
    for each row execute function refuse_change();

-- P5: `content` is what is submitted: texts, facts, audience, limits, as JSON whose exact bytes are hashed.
-- `approved_hash` is the hash that was approved; launching needs the present content to give it still,
-- and senders read nothing but `content`.
create table campaign (
    id               uuid primary key,
    incident_id      uuid not null references incident,
    template_id      uuid not null,
    template_version int not null,
    kind             campaign_kind not null,
    audience         jsonb not null,
    limits           jsonb not null,
    on_uncertain     uncertain_policy not null default 'resend',
    content          text,
    status           campaign_status not null,
    status_reason    text,
    version          int not null default 1,
    created_by       uuid not null references staff,
    created_at       timestamptz not null,
    submitted_by     uuid references staff,
    approved_by      uuid references staff,
    approved_at      timestamptz,
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
create index on campaign (status) where status in ('sending', 'paused');

-- Notices by state, kept in the transactions that change them.
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

-- The unit of work: some hundred notices of one bucket, found in a run of ids. `fence` grows with each lease,
-- so that a sender that lost its lease can no longer finish the batch.
create table batch (
    campaign_id uuid not null references campaign,
    bucket      int not null,
    batch_no    int not null,
    size        int not null,
    first_id    uuid not null,
    last_id     uuid not null,
    status      batch_status not null,
    due_at      timestamptz not null,
    fence       int not null default 0,
    leased_by   text,
    lease_until timestamptz,
    primary key (campaign_id, bucket, batch_no),
    constraint leased_iff_lease check ((status = 'leased') = (lease_until is not null and leased_by is not null))
);
create index batch_to_claim on batch (campaign_id, due_at) where status <> 'done';

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
);
create index on notice (bucket, code_key);

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
