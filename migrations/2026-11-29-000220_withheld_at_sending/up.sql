-- A notice may be withheld as it is about to leave, too: the person changed since the approval, or has no e-mail
-- address any more. Of notices only: why a person is withheld follows from flags. Words of an enum need a migration of
-- their own.
alter type withheld_reason add value 'changed';
alter type withheld_reason add value 'no_address';
