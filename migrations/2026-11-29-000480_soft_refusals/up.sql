-- A bounce that says nothing about the address (policy, content, size, given up after retries) does not condemn it. The
-- person needs a letter all the same, and later campaigns may try the address again. What bounced before this release
-- keeps the address condemned: nobody looks at the reasons of all attempts.

alter table person_since
    -- `refused_key` is of an address that may be tried again.
    add column refused_softly boolean not null default false;

create or replace view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed,
    coalesce(s.exposed, p.exposed) as exposed, coalesce(s.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(s.standing, p.standing) as standing,
    case when coalesce(s.standing, p.standing) = 'withheld' then withheld_reason_of(p.flags) end as withheld,
    p.link_epoch, p.since_scope, coalesce(s.changed_scope, p.changed_scope) as changed_scope,
    s.told, p.email_key is not null and p.email_key is distinct from s.refused_key as reachable,
    p.email_key is not null and (p.email_key is distinct from s.refused_key or s.refused_softly) as has_address
from person p left join person_since s on s.bucket = p.bucket and s.person_id = p.id;
