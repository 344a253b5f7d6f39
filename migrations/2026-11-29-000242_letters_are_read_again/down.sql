alter table outbox drop constraint withheld_iff_a_reason, drop column person_id, drop column link_epoch,
    drop column withheld;
drop type letter_withheld;
