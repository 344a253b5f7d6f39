-- Letters to people who were told of something that is not theirs and whom no e-mail reaches. Words of an enum need a
-- migration of their own.
alter type postal_kind add value 'correction' after 'guardian';
