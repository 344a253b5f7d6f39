-- The people of an incident, the versions of the lists that name them, and the figures of P1 and P2.
--
-- `person*` and `scope_row` belong to the big family (docs/architecture.md, "Beyond one machine"): `bucket` is in every
-- key, no foreign key, trigger, sequence or identity, ids come from the program.

create type person_standing as enum
    ('in_progress', 'notified', 'notified_by_post', 'notified_otherwise', 'needs_letter', 'withheld', 'retracted');
-- The first three follow from flags of a person. The others are of notices only: a notice may be withheld as it is about
-- to leave, too. 'changed', 'no_address': the person is still to be told, by a letter or a later campaign.
-- 'not_affected', 'already_told': no later campaign offers the person.
create type withheld_reason as enum
    ('legal_hold', 'deceased', 'protected_address', 'changed', 'no_address', 'not_affected', 'already_told');
create type told_by as enum ('email', 'post', 'otherwise');
-- How a person is to be corrected who was told of something that is not theirs. 'withheld': their flags forbid to write
-- to them.
create type correction_due as enum ('none', 'email', 'letter', 'withheld');

-- Where a person stands follows from facts: whether they are in scope, what they were told and by which channel, what
-- was exposed, their flags, and whether their e-mail address takes mail. Activations, senders and letters write facts
-- and compute the standing by `standing_of`, the twin of `person::standing`.
--
-- Each word of an enum is a constant: a cast from text to an enum is only stable, so that Postgres would not inline these
-- functions, and would run a whole executor for each person. 26 is `Flags::FORBIDDING`, as a test makes sure.
create function standing_of(in_scope boolean, told told_by, owes boolean, flags integer, reachable boolean)
returns person_standing language sql immutable parallel safe as $$
    select case
        when not in_scope then 'retracted'::person_standing
        when told is not null and not owes or told is not null and flags & 26 = 0 and reachable then
            case told
                when 'email' then 'notified'::person_standing
                when 'post' then 'notified_by_post'::person_standing
                else 'notified_otherwise'::person_standing
            end
        when flags & 26 <> 0 then 'withheld'::person_standing
        when not reachable then 'needs_letter'::person_standing
        else 'in_progress'::person_standing
    end
$$;

-- `PersonStanding::is_notified`.
create function is_notified(standing person_standing)
returns boolean language sql immutable parallel safe as $$
    select standing in ('notified', 'notified_by_post', 'notified_otherwise')
$$;

-- `Flags::withheld_reason`.
create function withheld_reason_of(flags integer)
returns withheld_reason language sql immutable parallel safe as $$
    select case
        when flags & 16 <> 0 then 'legal_hold'::withheld_reason
        when flags & 8 <> 0 then 'protected_address'::withheld_reason
        when flags & 2 <> 0 then 'deceased'::withheld_reason
    end
$$;

-- `person::correction_due`, as a test makes sure.
create function correction_due_of(retracted boolean, exposed bigint, named bigint, flags integer, reachable boolean)
returns correction_due language sql immutable parallel safe as $$
    select case
        when case when retracted then named else named & ~exposed end = 0 then 'none'::correction_due
        when flags & 26 <> 0 then 'withheld'::correction_due
        when reachable then 'email'::correction_due
        else 'letter'::correction_due
    end
$$;

-- The people of each incident in a partition of their own. A first list, however long, is written once, into a table
-- without keys, indexed in bulk, and attached when it is activated: four times as fast as row by row into indexes that
-- all incidents share. `scope/store/first.rs` makes a partition with the keys it needs; `bucket` is in each of the
-- unique ones. There is no default partition: nothing may be in the way of attaching one.
create table person (
    bucket        int not null,
    id            uuid not null,
    incident_id   uuid not null,
    reference_key bytea not null,
    -- The first octet is the bucket: the index pages that a bucket writes lie side by side. Without that, a later list
    -- activated bucket by bucket read and wrote almost every page of the index 64 times.
    email_key     bytea,
    name_key      bytea,
    contact_key   bytea not null,
    sealed        bytea not null,
    -- exposed, named: sets of elements, one bit each. P2 is `exposed & ~named = 0`.
    exposed       bigint not null,
    named         bigint not null,
    locale        text not null,
    jurisdiction  text not null,
    flags         int not null,
    standing      person_standing not null,
    withheld      withheld_reason,
    -- Raising it revokes the person's status links.
    link_epoch    smallint not null,
    since_scope   int not null,
    changed_scope int not null,
    constraint withheld_with_a_reason check ((standing = 'withheld') = (withheld is not null))
) partition by list (incident_id);

-- What has changed of a person since a list wrote their row: what became of messages, and what later lists say of people
-- of whom they change no more than what was exposed. A row of `person` is wide and indexed four times; to rewrite it for
-- each notice took a third of the database's time while sending. A person without a row here stands where `person` says.
create table person_since (
    bucket         integer not null,
    person_id      uuid not null,
    named          bigint not null,
    standing       person_standing not null,
    -- Null: what `person` says.
    exposed        bigint,
    changed_scope  integer,
    -- The channel that told them last; null: they were told nothing so far.
    told           told_by,
    -- The `email_key` of the address that refused a message.
    refused_key    bytea,
    -- `refused_key` is of an address that may be tried again: the bounce said nothing about the address (policy, content,
    -- size, given up after retries). The person needs a letter all the same.
    refused_softly boolean not null default false,
    primary key (bucket, person_id)
) with (fillfactor = 75);

-- Every person as they stand now: what reads people reads this.
create view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed,
    coalesce(s.exposed, p.exposed) as exposed, coalesce(s.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(s.standing, p.standing) as standing,
    case when coalesce(s.standing, p.standing) = 'withheld' then withheld_reason_of(p.flags) end as withheld,
    p.link_epoch, p.since_scope, coalesce(s.changed_scope, p.changed_scope) as changed_scope,
    s.told, p.email_key is not null and p.email_key is distinct from s.refused_key as reachable,
    p.email_key is not null and (p.email_key is distinct from s.refused_key or s.refused_softly) as has_address
from person p left join person_since s on s.bucket = p.bucket and s.person_id = p.id;

-- What was believed of a person until a version changed it. Append-only.
create table person_past (
    bucket          int not null,
    person_id       uuid not null,
    until_scope     int not null,
    incident_id     uuid not null,
    exposed         bigint not null,
    locale          text not null,
    jurisdiction    text not null,
    flags           int not null,
    standing        person_standing not null,
    contact_changed boolean not null,
    primary key (bucket, person_id, until_scope)
);

-- How a person was listed before the first change of their contact data that was not asked about: several lists may
-- each change a part of it.
create table person_origin (
    bucket      integer not null,
    person_id   uuid not null,
    incident_id uuid not null,
    sealed      bytea not null,
    primary key (bucket, person_id)
);

-- Former persons: their reference was given to another person; since which list version. What a list says of the other person
-- must not reach the former one's tickets, links, codes and letters: the former person keeps their row and leaves the
-- scope under a key that no reference has; the new person gets a row of their own.
create table person_former (
    bucket      integer not null,
    person_id   uuid not null,
    incident_id uuid not null,
    next_id     uuid not null,
    until_scope integer not null,
    primary key (bucket, person_id)
);
create index person_former_by_next on person_former (bucket, next_id);

create type scope_mode as enum ('full', 'delta');
create type scope_status as enum ('importing', 'draft', 'activating', 'active', 'superseded', 'discarded');

-- A list of affected people, as one import read it.
create table scope_version (
    incident_id     uuid not null references incident,
    version         int not null check (version > 0),
    mode            scope_mode not null,
    status          scope_status not null,
    file_hash       bytea,
    accepted        bigint not null default 0,
    rejected        bigint not null default 0,
    delta           jsonb,
    created_by      uuid not null references staff,
    created_at      timestamptz not null,
    activated_by    uuid references staff,
    activated_at    timestamptz,
    activating_by   uuid references staff,
    -- How many people a draft brings into each bucket and takes out of it, as its list was read: what `scope_applied`
    -- says when it is activated.
    added           bigint[],
    retracted       bigint[],
    -- How much of its file an import has read, which tells the time left.
    octets_read     bigint not null default 0,
    -- The physical lines of the list: lines = header_lines + accepted + rejected + continued_lines + blank_lines.
    lines           bigint,
    header_lines    bigint,
    blank_lines     bigint,
    -- Second and later lines of rows with line breaks in their cells.
    continued_lines bigint,
    -- Whether the last line had no line break.
    ends_open       boolean,
    -- Why rows were refused: columns, codes and numbers, counted when the list was read. Null: they are counted when
    -- they are asked for.
    reject_groups   jsonb,
    primary key (incident_id, version),
    constraint delta_once_imported check (status in ('importing', 'discarded') or delta is not null),
    constraint activated_by_somebody check ((activated_by is null) = (activated_at is null)),
    constraint activated_iff_in_force
        check ((status in ('active', 'superseded')) = (activated_at is not null)),
    constraint activating_by_somebody check (status <> 'activating' or activating_by is not null),
    constraint draft_says_what_it_brings
        check (status <> 'draft' or (cardinality(added) = 64 and cardinality(retracted) = 64)),
    constraint lines_are_counted_together
        check (num_nulls(lines, header_lines, blank_lines, continued_lines, ends_open) in (0, 5))
);
create unique index scope_one_active on scope_version (incident_id) where status = 'active';

-- A refused row: its cells are people's data, so they are sealed like all other data of theirs.
create table scope_reject (
    incident_id   uuid not null,
    version       int not null,
    -- Rows that were added to a draft come from another file, with lines of its own.
    file          smallint not null default 1,
    line          bigint not null,
    reasons       jsonb not null,
    sealed        bytea not null,
    -- A person who stands on a refused line of a full list is not missing from it.
    bucket        integer,
    reference_key bytea,
    -- What a row said that was refused since its reference stands on another line; the same row is refused again.
    row_key       bytea,
    primary key (incident_id, version, file, line),
    foreign key (incident_id, version) references scope_version on delete cascade
);
create index scope_reject_by_reference on scope_reject (incident_id, version, bucket, reference_key)
    where reference_key is not null;

-- The rows of a version before it is activated. They are written once and read bucket by bucket. A primary key cost more
-- than the rows themselves; a few octets for every four pages find a bucket as well, since each chunk of an import is
-- sorted by bucket. The import makes sure that a reference stands in a list once, and in `person` a key does.
create table scope_row (
    incident_id     uuid not null,
    version         int not null,
    bucket          int not null,
    reference_key   bytea not null,
    line            bigint not null,
    id              uuid not null,
    email_key       bytea,
    name_key        bytea,
    contact_key     bytea not null,
    sealed          bytea not null,
    exposed         bigint not null,
    locale          text not null,
    jurisdiction    text not null,
    flags           int not null,
    -- Bits of the columns that the file of this row does not have (`scope::lacks`). What they would say is taken from
    -- the person when the version is compared and activated.
    lacks           smallint not null default 0,
    -- Name and address of this row are both new for the person with its reference.
    another         boolean not null default false,
    -- Bits of what is asked about a row (`scope::marks`).
    marks           smallint not null default 0,
    -- It was answered that the row names another person. `former_key` and `former_sealed` are the key and the contact
    -- data that the former person gets then.
    other           boolean not null default false,
    former_key      bytea,
    former_sealed   bytea,
    -- A row that seems to name another person, from a file that lacks columns of contact data, is completed from what
    -- was known of the former one, in case it names the same. The new person gets the row's own columns alone: these.
    own_email_key   bytea,
    own_name_key    bytea,
    own_contact_key bytea,
    own_sealed      bytea
);
create index scope_row_bucket on scope_row
    using brin (incident_id, version, bucket) with (pages_per_range = 4);

-- What each version brought into each bucket: what the account is compared with, and how far an activation has come.
create table scope_applied (
    incident_id   uuid not null,
    version       int not null,
    bucket        int not null,
    added         bigint not null,
    retracted     bigint not null,
    -- People who had been told of an element that the version takes back, as it was activated in the bucket.
    told_too_much bigint not null default 0,
    -- Also since when the version is believed of the people in this bucket.
    at            timestamptz not null,
    primary key (incident_id, version, bucket),
    foreign key (incident_id, version) references scope_version
);

-- Affected lists that arrive in chunks: a connection that breaks costs one chunk, not the list. Chunks are sealed with
-- the incident's key. They are deleted once the list is imported, or when the upload has not continued for a day.
create table upload (
    id          uuid primary key,
    incident_id uuid not null references incident,
    created_by  uuid not null references staff,
    size        bigint not null,
    received    bigint not null,
    created_at  timestamptz not null,
    changed_at  timestamptz not null,
    constraint one_upload_a_person unique (incident_id, created_by),
    constraint received_within_size check (received between 0 and size and size > 0)
);

create table upload_piece (
    upload_id uuid not null references upload on delete cascade,
    start     bigint not null,
    sealed    bytea not null,
    primary key (upload_id, start)
);
-- Sealed data does not compress: Postgres does not try.
alter table upload_piece alter column sealed set storage external;

-- P1 and P2 as maintained counters: people of an incident by standing, and whether an exposed element is not yet named
-- to them. By bucket: senders of different buckets do not wait for each other's counters. Half of each page stays free,
-- so that a counter moves within its page and no index is touched.
create table account_count (
    incident_id uuid not null references incident,
    bucket      int not null,
    standing    person_standing not null,
    incomplete  boolean not null,
    -- People who were told of something that is not theirs.
    correction  correction_due not null default 'none',
    -- `Flags::MINOR`: an incident may tell minors by a letter to the guardian.
    minor       boolean not null default false,
    n           bigint not null,
    primary key (incident_id, bucket, standing, incomplete, correction, minor)
) with (fillfactor = 50);

create type account_kind as enum ('jurisdiction', 'locale', 'element', 'reason');

-- The same people once more by one property at a time: as many rows as there are words, whatever the number
-- of people or of combinations. `value` is the code of a jurisdiction (empty: unknown), a locale, the bit of an
-- element, or a reason for withholding. Of an element, `incomplete` means that this element is not named yet.
create table account_part (
    incident_id uuid not null references incident,
    bucket      int not null,
    kind        account_kind not null,
    value       text not null,
    standing    person_standing not null,
    incomplete  boolean not null,
    n           bigint not null,
    primary key (incident_id, kind, bucket, value, standing, incomplete)
) with (fillfactor = 50);
