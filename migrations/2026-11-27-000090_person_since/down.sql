drop view person_now;
update person p
set exposed = coalesce(s.exposed, p.exposed), changed_scope = coalesce(s.changed_scope, p.changed_scope),
    standing = s.standing, withheld = case when s.standing = 'withheld' then p.withheld end
from person_since s
where s.bucket = p.bucket and s.person_id = p.id and s.exposed is not null;
alter table person_since drop column exposed, drop column changed_scope;
alter table person_since rename constraint person_since_pkey to person_told_pkey;
alter table person_since rename to person_told;
create view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed, p.exposed,
    coalesce(t.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(t.standing, p.standing) as standing,
    case when coalesce(t.standing, p.standing) = 'withheld' then p.withheld end as withheld,
    p.link_epoch, p.since_scope, p.changed_scope
from person p left join person_told t on t.bucket = p.bucket and t.person_id = p.id;
