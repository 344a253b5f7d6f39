drop view person_now;
create view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed,
    coalesce(s.exposed, p.exposed) as exposed, coalesce(s.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(s.standing, p.standing) as standing,
    case when coalesce(s.standing, p.standing) = 'withheld' then withheld_reason_of(p.flags) end as withheld,
    p.link_epoch, p.since_scope, coalesce(s.changed_scope, p.changed_scope) as changed_scope,
    s.told, p.email_key is not null and p.email_key is distinct from s.refused_key as reachable
from person p left join person_since s on s.bucket = p.bucket and s.person_id = p.id;
alter table person_since drop column refused_softly;
