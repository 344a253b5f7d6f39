-- Why rows of a version were refused: columns, codes and numbers, counted when its list was read. Null: they are counted
-- when they are asked for.
alter table scope_version add column reject_groups jsonb;
