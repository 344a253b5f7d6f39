-- What became of messages to a person, apart from what lists say of them: named elements and standing, once the
-- first message was settled. A row of `person` is wide and indexed four times; to rewrite it for each notice took
-- a third of the database's time while sending. Whoever has no row here stands where `person` says.
--
-- Senders of the former release settle people in `person`: they must have stopped before this runs.
create table person_told (
    bucket integer not null,
    person_id uuid not null,
    named bigint not null,
    standing person_standing not null,
    primary key (bucket, person_id)
) with (fillfactor = 75);

-- Everybody as they stand now: what reads people reads this.
create view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed, p.exposed,
    coalesce(t.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(t.standing, p.standing) as standing,
    case when coalesce(t.standing, p.standing) = 'withheld' then p.withheld end as withheld,
    p.link_epoch, p.since_scope, p.changed_scope
from person p left join person_told t on t.bucket = p.bucket and t.person_id = p.id;
