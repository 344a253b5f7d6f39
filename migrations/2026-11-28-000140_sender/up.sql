-- The senders at work: each says every half second that it is there, and all share every limit of relays,
-- campaigns and providers.
create table sender (
    id uuid primary key,
    node text not null,
    seen_at timestamptz not null
);
