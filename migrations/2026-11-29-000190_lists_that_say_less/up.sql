-- A list changes only what it says, and rows can be added to a draft.
--
-- `lacks`: bits of the columns that the file of this row does not have (`scope::lacks`). What they would say is
-- taken from the person when the version is compared and put in force.
-- `another`: name and address of this row are both new for the person with its reference.
alter table scope_row
    add column lacks smallint not null default 0,
    add column another boolean not null default false;

-- Rows that were added to a draft come from another file, with lines of its own.
alter table scope_reject add column file smallint not null default 1;
alter table scope_reject drop constraint scope_reject_pkey;
alter table scope_reject add primary key (incident_id, version, file, line);
