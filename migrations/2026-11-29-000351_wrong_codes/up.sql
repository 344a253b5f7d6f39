-- Wrong notice codes of late, for all web nodes together. `network` is a keyed hash: no address stands here. A row
-- limits nobody once `full_at` has passed, and is deleted then. Unlogged: a crash forgets it, and that does no harm.
create unlogged table wrong_code (
    network bytea primary key,
    full_at timestamptz not null
);
create index on wrong_code (full_at);
