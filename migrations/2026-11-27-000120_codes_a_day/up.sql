-- How many one-time codes a person was sent since when: whoever holds somebody's link could otherwise have a code
-- sent every minute, and guess five times at each.
alter table one_time_code
    add column counted_from timestamptz not null default 'epoch',
    add column counted      smallint not null default 0;
