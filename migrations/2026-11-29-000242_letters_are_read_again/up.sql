-- The courier reads the person again before each e-mail leaves. `person_id` is the addressee, `link_epoch` the epoch of
-- the status links in its text; both null in rows of before, whose person the ticket names.
create type letter_withheld as enum
    ('legal_hold', 'deceased', 'protected_address', 'retracted', 'no_address', 'address_changed',
     'link_revoked', 'expired', 'unknown_person', 'forgotten');
alter table outbox
    add column person_id  uuid,
    add column link_epoch smallint,
    add column withheld   letter_withheld,
    add constraint withheld_iff_a_reason check ((status::text = 'withheld') = (withheld is not null));
