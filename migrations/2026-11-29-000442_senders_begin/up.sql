-- When a sender began, by the database's clock: a batch whose lease was last renewed before any sender of its node began
-- is held by one that died.
alter table sender add column began_at timestamptz not null default now();
