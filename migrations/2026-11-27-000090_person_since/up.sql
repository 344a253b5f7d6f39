-- What has changed of a person since a list wrote their row: what became of messages (named, standing), and what
-- later lists say of whom they leave as they are but for what was exposed. A delta of a million would rewrite
-- nearly every page of ten million wide rows; here it writes narrow rows side by side.
--
-- Senders of the former release settle people in `person_told`: they must have stopped before this runs.
alter table person_told rename to person_since;
alter table person_since rename constraint person_told_pkey to person_since_pkey;
-- Null: what `person` says.
alter table person_since add column exposed bigint;
alter table person_since add column changed_scope integer;

create or replace view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed,
    coalesce(s.exposed, p.exposed) as exposed, coalesce(s.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(s.standing, p.standing) as standing,
    case when coalesce(s.standing, p.standing) = 'withheld' then p.withheld end as withheld,
    p.link_epoch, p.since_scope, coalesce(s.changed_scope, p.changed_scope) as changed_scope
from person p left join person_since s on s.bucket = p.bucket and s.person_id = p.id;
