-- Which states that few notices end in the notices of a batch have been in, a bit each (`notice::store::list`): of
-- ten million, the fourteen that are uncertain are found in their batches instead of among all. An index on the
-- state would forbid to settle notices in place. Of batches of before, nobody knows: all bits.
alter table batch add column ends integer not null default -1;
alter table batch alter column ends set default 0;
