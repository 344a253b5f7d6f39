-- A claim of a key belongs to one run of its request, and ends by the database's clock unless that run renews it.
-- A claim without an end is of a program before this migration: nothing tells whether its request was done.
alter table idempotency
    add column claim         uuid,
    add column claimed_until timestamptz;
