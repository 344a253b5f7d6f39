//! What has changed of people since a list wrote them: what became of messages to them.

use std::ops::Range;

use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable};
use diesel_async::RunQueryDsl;

use super::super::Settled;
use super::books::{Moved, move_account};
use crate::db::schema::sql_types;
use crate::db::{Conn, Result, statement};
use crate::id::IncidentId;

// `lock` keeps everybody as they were read, and those who have no row yet without one.
const SETTLE: &str = "
    with before as materialized (
        select p.id, p.standing, p.withheld, p.named, p.jurisdiction, p.locale, p.exposed
        from person p
        where p.bucket = $1 and p.incident_id = $2 and p.id = any($3)
    ), since as materialized (
        select * from person_since where bucket = $1 and person_id = any($3)
    ), changed as materialized (
        select b.id, s.person_id is null as first, w.standing as was, w.named as was_named,
            case when w.standing = 'withheld' then b.withheld end as was_withheld, n.standing, case when n.standing = 'withheld' then b.withheld end as withheld,
            w.named | g.named as named, b.jurisdiction, b.locale, coalesce(s.exposed, b.exposed) as exposed
        from unnest($3, $4, $5, $6) as g (id, named, standing, takes_back)
        join before b on b.id = g.id
        left join since s on s.person_id = g.id
        cross join lateral (select coalesce(s.standing, b.standing) as standing, coalesce(s.named, b.named) as named) w
        cross join lateral (select case
            when g.standing is null or w.standing = 'retracted' then w.standing
            when g.standing = 'notified' then g.standing
            when g.standing not in ('in_progress', 'needs_letter') or w.standing = 'withheld' then w.standing
            when w.standing <> 'notified' or g.takes_back then g.standing
            else w.standing
        end as standing) n
        where (n.standing, w.named | g.named) is distinct from (w.standing, w.named)
    ), come as (
        insert into person_since (bucket, person_id, named, standing)
        select $1, id, named, standing from changed where first order by id
    ), go_on as (
        update person_since s set named = c.named, standing = c.standing
        from changed c where not c.first and s.bucket = $1 and s.person_id = c.id
    ), moved as (
        select was as standing, was_withheld as withheld, jurisdiction, locale, exposed,
            was_named as named, -1 as n
        from changed
        union all
        select standing, withheld, jurisdiction, locale, exposed, named, 1 from changed
    )
    select $1 as bucket, standing, withheld, jurisdiction, locale, exposed, named, sum(n)::bigint as n
    from moved group by standing, withheld, jurisdiction, locale, exposed, named having sum(n) <> 0";

/// Makes other writers of these buckets' people, whose standing the account counts, wait until the transaction
/// ends: neither of two may move the account from where the other found somebody. Before the account's counters.
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

/// Records what became of notices to people of one bucket, each person once: what was named to them is
/// added to what was named before, they move to where they now stand, and the account moves by exactly
/// the difference.
///
/// # Errors
/// The database's.
pub async fn settle(
    conn: &mut Conn,
    incident: IncidentId,
    bucket: i32,
    settled: &[Settled],
) -> Result<()> {
    let ids: Vec<_> = settled.iter().map(|s| s.person.uuid()).collect();
    let named: Vec<_> = settled.iter().map(|s| s.named.bits()).collect();
    let standings: Vec<_> = settled.iter().map(|s| s.standing).collect();
    let takes_back: Vec<_> = settled.iter().map(|s| s.takes_back).collect();
    lock(conn, incident, bucket..bucket + 1).await?;
    let moved: Vec<Moved> = statement(SETTLE)
        .bind::<Integer, _>(bucket)
        .bind::<diesel::sql_types::Uuid, _>(incident)
        .bind::<Array<diesel::sql_types::Uuid>, _>(ids)
        .bind::<Array<BigInt>, _>(named)
        .bind::<Array<Nullable<sql_types::PersonStanding>>, _>(standings)
        .bind::<Array<Bool>, _>(takes_back)
        .load(conn)
        .await?;
    move_account(conn, incident, &moved).await
}
