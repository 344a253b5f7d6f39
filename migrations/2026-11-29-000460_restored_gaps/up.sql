-- The times of which the records may lack what was sent: one row for each decision about an older copy of the database.
-- The page that tells genuine messages from false ones says so (docs/decisions/0013).
create table restored_gap (
    decided_at timestamptz primary key,
    -- About when the copy was taken.
    copied_at timestamptz not null,
    -- Since when the copy was held: the lost database sent nothing after it.
    held_at timestamptz not null
);
