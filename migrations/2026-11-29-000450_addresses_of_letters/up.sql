-- The keyed hash of the postal address that a letter goes to: a list that gives the person another address since is
-- noticed before the letter is recorded as posted. Unknown of letters that were listed before.
alter table postal_item add column address_key bytea;
