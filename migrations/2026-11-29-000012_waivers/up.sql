-- What rules found in a content when it was submitted, and which of it an approver waived.

create table campaign_finding (
    campaign_id  uuid not null references campaign,
    -- The SHA-256 of the content that was submitted: a finding belongs to exactly these texts and readers.
    content_hash bytea not null,
    -- `en:law.us-ca.title`: the text and the rule.
    finding      text not null,
    -- Whether it stops an approval unless an approver waives it.
    blocking     boolean not null,
    -- The rule as it was, the places, and what was found on which lines.
    detail       jsonb not null,
    primary key (campaign_id, content_hash, finding)
);

create table campaign_waiver (
    id            uuid primary key,
    campaign_id   uuid not null references campaign,
    -- A waiver ends with the content: another content needs another waiver.
    content_hash  bytea not null,
    finding       text not null,
    -- Staff may name people in it: it is sealed under the incident's key.
    reason_sealed bytea not null,
    waived_by     uuid not null references staff,
    waived_at     timestamptz not null,
    withdrawn_by  uuid references staff,
    withdrawn_at  timestamptz,
    -- Whether the approval of this content relied on it (P5): the approval is void if a waiver was added or withdrawn since.
    approved      boolean not null default false,
    constraint withdrawn_whole check ((withdrawn_by is null) = (withdrawn_at is null))
);
-- One waiver of a finding at a time.
create unique index finding_is_waived on campaign_waiver (campaign_id, content_hash, finding)
    where withdrawn_at is null;
