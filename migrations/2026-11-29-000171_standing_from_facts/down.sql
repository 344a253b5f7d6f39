drop view person_now;
drop function standing_of(boolean, told_by, boolean, integer, boolean);
drop function is_notified(person_standing);
drop function withheld_reason_of(integer);
update person_since set standing = 'notified' where told is not null and standing <> 'retracted';
alter table person_since drop column told, drop column refused_key;
drop type told_by;
create view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed,
    coalesce(s.exposed, p.exposed) as exposed, coalesce(s.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(s.standing, p.standing) as standing,
    case when coalesce(s.standing, p.standing) = 'withheld' then p.withheld end as withheld,
    p.link_epoch, p.since_scope, coalesce(s.changed_scope, p.changed_scope) as changed_scope
from person p left join person_since s on s.bucket = p.bucket and s.person_id = p.id;
