-- A row that seems to name another person, from a file that lacks columns of contact data, is completed from what was
-- known of the former one, in case it names the same. The new person gets the row's own columns alone: these. A draft
-- of before must be imported again to be put in force as other people.
alter table scope_row
    add column own_email_key bytea,
    add column own_name_key bytea,
    add column own_contact_key bytea,
    add column own_sealed bytea;
