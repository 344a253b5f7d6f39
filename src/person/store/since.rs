//! What has changed of people since a list wrote them: what became of messages to them.

use std::ops::Range;

use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{Became, Settled, ToldBy};
use super::moved::Moved;
use crate::db::schema::sql_types;
use crate::db::{Conn, Result, statement};
use crate::element::ElementSet;
use crate::id::IncidentId;

// `lock` keeps all people as they were read, and people without a row stay without one.
const SETTLE: &str = "
    with before as materialized (
        select p.id, p.standing, p.named, p.jurisdiction, p.locale, p.exposed, p.flags, p.email_key
        from person p
        where p.bucket = $1 and p.incident_id = $2 and p.id = any($3)
    ), since as materialized (
        select * from person_since where bucket = $1 and person_id = any($3)
    ), facts as materialized (
        select b.id, s.person_id is null as first, coalesce(s.standing, b.standing) as was,
            coalesce(s.named, b.named) as was_named, s.told as was_told, s.refused_key as was_refused, b.flags,
            b.jurisdiction, b.locale, coalesce(s.exposed, b.exposed) as exposed, b.email_key,
            case g.became when 'told' then g.named | case when g.replaces then 0 else coalesce(s.named, b.named) end
                when 'taken_back' then g.named else coalesce(s.named, b.named) end as named,
            case g.became when 'refused' then s.told else g.told end as told,
            coalesce(s.refused_softly, false) as was_softly,
            case when g.became = 'refused' then coalesce(g.email_key, b.email_key)
                when s.refused_softly and g.email_key = s.refused_key then null
                else s.refused_key end as refused_key,
            case when g.became = 'refused' then g.softly and (s.refused_softly
                    or s.refused_key is distinct from coalesce(g.email_key, b.email_key))
                when g.email_key = s.refused_key then false
                else coalesce(s.refused_softly, false) end as refused_softly
        from unnest($3, $4, $5, $6, $7, $8, $9) as g (id, became, told, named, replaces, email_key, softly)
        join before b on b.id = g.id
        left join since s on s.person_id = g.id
    ), changed as materialized (
        select f.*, n.standing, f.email_key is not null and f.email_key is distinct from f.was_refused as was_reachable,
            f.email_key is not null and f.email_key is distinct from f.refused_key as reachable
        from facts f
        cross join lateral (select standing_of(f.was <> 'retracted', f.told, f.exposed & ~f.named <> 0, f.flags,
            f.email_key is not null and f.email_key is distinct from f.refused_key) as standing) n
        where (n.standing, f.named, f.told, f.refused_key, f.refused_softly) is distinct from
            (f.was, f.was_named, f.was_told, f.was_refused, f.was_softly)
    ), come as (
        insert into person_since (bucket, person_id, named, standing, told, refused_key, refused_softly)
        select $1, id, named, standing, told, refused_key, refused_softly from changed where first order by id
    ), go_on as (
        update person_since s
        set named = c.named, standing = c.standing, told = c.told, refused_key = c.refused_key,
            refused_softly = c.refused_softly
        from changed c where not c.first and s.bucket = $1 and s.person_id = c.id
    ), moved as (
        select was as standing, flags, jurisdiction, locale, exposed, was_named as named, was_reachable as reachable,
            -1 as n from changed
        union all
        select standing, flags, jurisdiction, locale, exposed, named, reachable, 1 from changed
    )
    select $1 as bucket, standing, case when standing = 'withheld' then withheld_reason_of(flags) end as withheld,
        jurisdiction, locale, exposed, named, flags, reachable, sum(n)::bigint as n
    from moved group by 1, 2, 3, 4, 5, 6, 7, 8, 9 having sum(n) <> 0";

/// Makes other writers of these buckets' people wait (the account counts their standing) until the transaction ends:
/// otherwise two transactions could move the account from the same old standing. Locked before the account's counters.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut Conn, incident: IncidentId, buckets: Range<i32>) -> Result<()> {
    let of = incident.uuid().as_u64_pair().1.rotate_left(32);
    let keys = buckets.map(|bucket| {
        of.wrapping_add(u64::from(bucket.unsigned_abs()))
            .cast_signed()
    });
    statement("select pg_advisory_xact_lock(key) from unnest($1) as of (key)")
        .bind::<Array<BigInt>, _>(keys.collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// Records what became of messages to people of one bucket, each person once: their facts change, and their standing
/// follows. Returns what the account must move by: `account::store::settle` does both.
///
/// # Errors
/// The database's.
pub async fn settle(
    conn: &mut Conn,
    incident: IncidentId,
    bucket: i32,
    settled: &[Settled],
) -> Result<Vec<Moved>> {
    let each: Vec<_> = settled.iter().map(|one| columns(&one.became)).collect();
    lock(conn, incident, bucket..bucket + 1).await?;
    Ok(statement(SETTLE)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(incident)
        .bind::<Array<Uuid>, _>(settled.iter().map(|s| s.person.uuid()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each.iter().map(|c| c.became).collect::<Vec<_>>())
        .bind::<Array<Nullable<sql_types::ToldBy>>, _>(
            each.iter().map(|c| c.told).collect::<Vec<_>>(),
        )
        .bind::<Array<BigInt>, _>(each.iter().map(|c| c.named.bits()).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(each.iter().map(|c| c.replaces).collect::<Vec<_>>())
        .bind::<Array<Nullable<Bytea>>, _>(each.iter().map(|c| c.email_key).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(each.iter().map(|c| c.softly).collect::<Vec<_>>())
        .load(conn)
        .await?)
}

/// One result as the columns of [`SETTLE`].
struct Columns<'s> {
    became: &'static str,
    told: Option<ToldBy>,
    named: ElementSet,
    replaces: bool,
    /// Of the address that refused or accepted an e-mail.
    email_key: Option<&'s [u8]>,
    softly: bool,
}

fn columns(became: &Became) -> Columns<'_> {
    let none = Columns {
        became: "refused",
        told: None,
        named: ElementSet::EMPTY,
        replaces: false,
        email_key: None,
        softly: false,
    };
    match became {
        Became::Told {
            by,
            address,
            named,
            replaces,
        } => Columns {
            became: "told",
            email_key: address.as_deref(),
            told: Some(*by),
            named: *named,
            replaces: *replaces,
            ..none
        },
        Became::Refused { address } => Columns {
            email_key: address.as_deref(),
            ..none
        },
        Became::NotDelivered { address } => Columns {
            email_key: address.as_deref(),
            softly: true,
            ..none
        },
        Became::TakenBack { told, named } => Columns {
            became: "taken_back",
            told: *told,
            named: *named,
            ..none
        },
    }
}
