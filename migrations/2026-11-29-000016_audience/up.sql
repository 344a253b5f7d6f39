-- Lists of references that an audience takes in or leaves out. A list is named by the digest of its entries, so that it
-- cannot change: other references have another digest. It holds keyed hashes, and no reference.
create table reference_list (
    incident_id uuid not null references incident,
    digest      bytea not null constraint digest_is_sha256 check (length(digest) = 32),
    entries     int not null constraint list_is_not_empty check (entries > 0),
    created_by  uuid not null references staff,
    created_at  timestamptz not null,
    primary key (incident_id, digest)
);

-- Read with people, so it keeps the rules of their tables (docs/architecture.md).
create table reference_list_entry (
    bucket        int not null,
    incident_id   uuid not null,
    digest        bytea not null,
    reference_key bytea not null,
    primary key (incident_id, digest, bucket, reference_key)
);
