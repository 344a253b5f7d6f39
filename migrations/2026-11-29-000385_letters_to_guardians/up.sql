-- A letter to somebody who is flagged as minor after their list was taken would be addressed to the child: recording
-- the list asks about it.

alter table postal_item
    -- Addressed to the parent or guardian: its person was a minor when the list was taken.
    add column to_guardian boolean not null default false;
-- Lists that wait were written by a release that did not keep it: their letters are taken as rightly addressed.
update postal_item i set to_guardian = true
from person_now p
where p.bucket = i.bucket and p.id = i.person_id and i.status = 'listed' and p.flags & 1 <> 0;
