-- Letters on paper. A list that was taken for a mail house is a batch; its letters are posted on a day, and some come
-- back. Lists for next of kin and for safe channels, and people told one by one, are batches too.

-- 'correction': to people who were told of something that is not theirs, if no e-mail reaches them.
create type postal_kind as enum ('letter', 'guardian', 'correction', 'kin', 'safe', 'single');
create type postal_state as enum ('listed', 'posting', 'posted', 'discarded');
create type postal_status as enum ('listed', 'posted', 'not_posted', 'returned');

create table postal_batch (
    id              uuid primary key,
    incident_id     uuid not null references incident,
    kind            postal_kind not null,
    state           postal_state not null,
    taken_by        uuid not null references staff,
    taken_at        timestamptz not null,
    people          bigint not null,
    -- People who belonged on it and have no postal address: they are not on it.
    without_address bigint not null default 0,
    -- The day on the postmark, or on which people were told.
    posted_on       date,
    posted_by       uuid references staff,
    posted_at       timestamptz,
    -- Who was told, and how; sealed under the incident's key.
    how             bytea,
    returned        bigint not null default 0,
    not_posted      bigint not null default 0,
    constraint a_batch_that_was_posted_has_its_day check
        ((state in ('posting', 'posted')) = (posted_on is not null and posted_by is not null and posted_at is not null))
);
create index postal_batch_of_incident on postal_batch (incident_id, id);

-- One person's letter. Of the big family: the bucket is in every key.
create table postal_item (
    bucket       integer not null,
    batch_id     uuid not null,
    person_id    uuid not null,
    -- What it tells: what was exposed when the list was taken.
    named        bigint not null,
    -- The key of the code that is printed in it; none if it carries no code.
    code_key     bigint,
    -- The keyed hash of the postal address it goes to: a list that gives the person another address since is noticed before
    -- the letter is recorded as posted.
    address_key  bytea,
    -- A correction: its person knows what it names and nothing else.
    replaces     boolean not null default false,
    -- Addressed to the parent or guardian: its person was a minor when the list was taken. A letter to a person who is
    -- flagged as minor after that would be addressed to the child: recording the list asks about it.
    to_guardian  boolean not null default false,
    status       postal_status not null,
    posted_at    timestamptz,
    -- What the person had been told when it was posted: what is true again if it comes back.
    told_before  told_by,
    named_before bigint not null default 0,
    closed_at    timestamptz,
    -- Why it came back; sealed under the incident's key.
    reason       bytea,
    primary key (bucket, batch_id, person_id)
);
create index postal_item_by_person on postal_item (bucket, person_id);
create index postal_item_by_code on postal_item (bucket, code_key);

-- How often a letter's code was typed wrongly for a person.
create table postal_try (
    bucket       integer not null,
    person_id    uuid not null,
    counted_from timestamptz not null,
    counted      smallint not null,
    primary key (bucket, person_id)
);
