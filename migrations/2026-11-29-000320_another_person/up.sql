-- A reference may be given to another person. What a list says of that person must not reach the former one's tickets,
-- links, codes and letters: the former person keeps their row and leaves the scope under a key that no reference has;
-- the new person gets a row of their own.

-- `marks`: bits of what is asked about a row (`scope::marks`).
-- `other`: it was answered that the row names another person. `former_key` and `former_sealed` are the key and the
-- contact data that the former person gets then.
alter table scope_row
    add column marks smallint not null default 0,
    add column other boolean not null default false,
    add column former_key bytea,
    add column former_sealed bytea;

-- Who stands on a refused line of a full list is not missing from it.
-- `row_key`: what a row said that was refused since its reference stands on another line; the same row is refused again.
alter table scope_reject
    add column bucket integer,
    add column reference_key bytea,
    add column row_key bytea;
create index scope_reject_by_reference on scope_reject (incident_id, version, bucket, reference_key)
    where reference_key is not null;

-- How a person was listed before the first change of their contact data that was not asked about: several lists may
-- each change a part of it.
create table person_origin (
    bucket integer not null,
    person_id uuid not null,
    incident_id uuid not null,
    sealed bytea not null,
    primary key (bucket, person_id)
);

-- People whose reference was given to another person, and since which list version.
create table person_former (
    bucket integer not null,
    person_id uuid not null,
    incident_id uuid not null,
    next_id uuid not null,
    until_scope integer not null,
    primary key (bucket, person_id)
);
create index person_former_by_next on person_former (bucket, next_id);
