-- Where a person stands follows from facts: whether they are in scope, what they were told and by which channel, what
-- was exposed, their flags, and whether their e-mail address takes mail. Activations, senders and letters write facts
-- and compute the standing by `standing_of`, the twin of `person::standing`.
--
-- Senders and web nodes of the former release must have stopped before this runs: they do not write the new facts.

create type told_by as enum ('email', 'post', 'otherwise');

alter table person_since
    -- The channel that told them last; null: they were told nothing so far.
    add column told told_by,
    -- The `email_key` of the address that refused a message.
    add column refused_key bytea;

-- `Flags::FORBIDDING`, as a test makes sure.
create function standing_of(in_scope boolean, told told_by, owes boolean, flags integer, reachable boolean)
returns person_standing language sql immutable parallel safe as $$
    select case
        when not in_scope then 'retracted'
        when told is not null and not owes or told is not null and flags & 26 = 0 and reachable then
            case told when 'email' then 'notified' when 'post' then 'notified_by_post' else 'notified_otherwise' end
        when flags & 26 <> 0 then 'withheld'
        when not reachable then 'needs_letter'
        else 'in_progress'
    end::person_standing
$$;

-- `PersonStanding::is_notified`.
create function is_notified(standing person_standing)
returns boolean language sql immutable parallel safe as $$
    select standing in ('notified', 'notified_by_post', 'notified_otherwise')
$$;

-- `Flags::withheld_reason`.
create function withheld_reason_of(flags integer)
returns withheld_reason language sql immutable parallel safe as $$
    select case when flags & 16 <> 0 then 'legal_hold' when flags & 8 <> 0 then 'protected_address'
        when flags & 2 <> 0 then 'deceased' end::withheld_reason
$$;

insert into person_since (bucket, person_id, named, standing)
    select bucket, id, named, standing from person where named <> 0
    on conflict (bucket, person_id) do nothing;
update person_since set told = 'email' where named <> 0 or standing = 'notified';
update person_since s set refused_key = p.email_key
    from person p
    where p.bucket = s.bucket and p.id = s.person_id and s.standing = 'needs_letter' and p.email_key is not null;

drop view person_now;
create view person_now as
select p.bucket, p.id, p.incident_id, p.reference_key, p.email_key, p.name_key, p.contact_key, p.sealed,
    coalesce(s.exposed, p.exposed) as exposed, coalesce(s.named, p.named) as named, p.locale, p.jurisdiction, p.flags,
    coalesce(s.standing, p.standing) as standing,
    case when coalesce(s.standing, p.standing) = 'withheld' then withheld_reason_of(p.flags) end as withheld,
    p.link_epoch, p.since_scope, coalesce(s.changed_scope, p.changed_scope) as changed_scope,
    s.told, p.email_key is not null and p.email_key is distinct from s.refused_key as reachable
from person p left join person_since s on s.bucket = p.bucket and s.person_id = p.id;

-- People whose standing the former rule kept, and the account with them.
update person_since s
    set standing = standing_of(true, s.told, n.exposed & ~n.named <> 0, n.flags, n.reachable)
    from person_now n
    where n.bucket = s.bucket and n.id = s.person_id and n.standing <> 'retracted'
        and n.standing <> standing_of(true, s.told, n.exposed & ~n.named <> 0, n.flags, n.reachable);
delete from account_count;
insert into account_count (incident_id, bucket, standing, incomplete, n)
    select incident_id, bucket, standing, exposed & ~named <> 0, count(*) from person_now group by 1, 2, 3, 4;
delete from account_part;
insert into account_part (incident_id, bucket, kind, value, standing, incomplete, n)
    select p.incident_id, p.bucket, part.kind, part.value, p.standing, part.incomplete, count(*)
    from person_now p
    cross join lateral (
        select 'jurisdiction'::account_kind as kind, p.jurisdiction as value,
            p.exposed & ~p.named <> 0 as incomplete
        union all select 'locale', p.locale, p.exposed & ~p.named <> 0
        union all select 'reason', p.withheld::text, p.exposed & ~p.named <> 0 where p.withheld is not null
        union all select 'element', bit::text, (p.exposed & ~p.named) >> bit & 1 = 1
            from generate_series(0, 62) bit where p.exposed >> bit & 1 = 1
    ) part
    group by 1, 2, 3, 4, 5, 6;
