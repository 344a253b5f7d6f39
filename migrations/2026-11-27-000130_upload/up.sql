-- Affected lists that arrive in pieces: a connection that breaks costs one piece, not the list. Pieces are sealed
-- with the incident's key, and deleted once the list is imported or nobody has gone on with it for a day.
create table upload (
    id uuid primary key,
    incident_id uuid not null references incident,
    created_by uuid not null references staff,
    size bigint not null,
    received bigint not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint one_upload_a_person unique (incident_id, created_by),
    constraint received_within_size check (received between 0 and size and size > 0)
);

create table upload_piece (
    upload_id uuid not null references upload on delete cascade,
    start bigint not null,
    sealed bytea not null,
    primary key (upload_id, start)
);
-- What is sealed does not compress: it is not tried.
alter table upload_piece alter column sealed set storage external;

-- How much of its file an import has read, which tells the time left.
alter table scope_version add column octets_read bigint not null default 0;
