//! The people behind a figure of the account, page by page.

use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{PeopleFilter, Person, PersonStanding};
use super::{Row, open};
use crate::db::schema::sql_types;
use crate::db::{Conn, Result};
use crate::id::{IncidentId, PersonId};
use crate::seal::IncidentKey;

/// A page reads one bucket, then so many in a statement, and others only while it has found nobody: rare people are far
/// apart.
const BUCKETS_A_PAGE: usize = 8;

#[derive(diesel::QueryableByName)]
struct BucketSql {
    #[diesel(sql_type = Integer)]
    bucket: i32,
}

// The counters tell which buckets have no match.
const BUCKETS: &str = "
    select b.bucket from generate_series($2, 63) as b (bucket)
    where exists (select from account_count c where c.incident_id = $1 and c.bucket = b.bucket and c.n <> 0
            and case when $3 is null then c.standing <> 'retracted' when $3 = 'notified' then is_notified(c.standing)
                else c.standing = $3 end
            and (c.incomplete or not $4))
        and not exists (select from (values ('jurisdiction'::account_kind, $5), ('locale', $6),
                ('element', $7::text), ('reason', $8::text)) as w (kind, value)
            where w.value is not null and not exists (select from account_part a
                where a.incident_id = $1 and a.kind = w.kind and a.bucket = b.bucket
                    and a.value = w.value and a.n <> 0
                    and case when $3 is null then a.standing <> 'retracted' when $3 = 'notified' then is_notified(a.standing)
                        else a.standing = $3 end))
    order by b.bucket";

/// The next people of the filter, in the order of bucket and id after `after`, opened. The page may be shorter than
/// `limit` and yet not be the last: it is if there is no `next`.
///
/// # Errors
/// `Inconsistent` if the contact data of one do not open.
pub async fn list(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    filter: &PeopleFilter,
    after: Option<PersonId>,
    limit: usize,
) -> Result<(Vec<Person>, Option<PersonId>)> {
    let buckets = buckets(conn, incident, filter, after).await?;
    let mut found: Vec<Row> = Vec::new();
    // Mostly the first has enough for a page.
    let (first, others) = buckets.split_at(buckets.len().min(1));
    let mut left = others.chunks(BUCKETS_A_PAGE);
    let mut some = Some(first);
    let mut others_read = 0;
    while let Some(buckets) = some.take() {
        let room = limit + 1 - found.len();
        found.extend(page(conn, (incident, buckets), filter, after, room).await?);
        if found.is_empty() || (others_read == 0 && found.len() <= limit) {
            some = left.next();
            others_read += 1;
        }
    }
    if left.next().is_none() && found.len() <= limit {
        let people = found.into_iter().map(|row| open(row, key));
        return Ok((people.collect::<Result<_>>()?, None));
    }
    found.truncate(limit);
    let next = found.last().map(|row| row.id);
    let people = found.into_iter().map(|row| open(row, key));
    Ok((people.collect::<Result<_>>()?, next))
}

async fn buckets(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &PeopleFilter,
    after: Option<PersonId>,
) -> Result<Vec<i32>> {
    let bit = filter
        .element
        .map(|element| i32::from(element as u8).to_string());
    let rows: Vec<BucketSql> = diesel::sql_query(BUCKETS)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(after.map_or(0, PersonId::bucket))
        .bind::<Nullable<sql_types::PersonStanding>, _>(filter.standing)
        .bind::<Bool, _>(filter.incomplete)
        .bind::<Nullable<Text>, _>(filter.jurisdiction.as_deref())
        .bind::<Nullable<Text>, _>(filter.locale.as_deref())
        .bind::<Nullable<Text>, _>(bit)
        .bind::<Nullable<Text>, _>(filter.reason.map(|reason| reason.as_str()))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.bucket).collect())
}

/// The first people of the filter in these buckets. In each bucket at most `limit` are looked for, by the order of its key.
async fn page(
    conn: &mut Conn,
    (incident, buckets): (IncidentId, &[i32]),
    filter: &PeopleFilter,
    after: Option<PersonId>,
    limit: usize,
) -> Result<Vec<Row>> {
    let (standing, bits) = (standing(filter), bits(filter));
    let given = [
        (filter.jurisdiction.is_some(), " and p.jurisdiction = $6"),
        (filter.locale.is_some(), " and p.locale = $7"),
        (filter.reason.is_some(), " and p.withheld::text = $8"),
    ];
    let given = given.iter().filter(|(is_given, _)| *is_given);
    let given: String = given.map(|(_, condition)| *condition).collect();
    let sql = format!(
        "select p.* from unnest($1, $2) as b (bucket, after) cross join lateral (
            select * from person_now p where p.bucket = b.bucket and p.incident_id = $3 and p.id > b.after
                and {standing}{bits}{given} order by p.id limit $4) p
        order by p.bucket, p.id limit $4"
    );
    let first = |bucket: &i32| {
        let after = after.filter(|after| after.bucket() == *bucket);
        after.map_or(uuid::Uuid::nil(), PersonId::uuid)
    };
    let bit = filter.element.map(|element| 1_i64 << element as u8);
    Ok(diesel::sql_query(sql)
        .bind::<Array<Integer>, _>(buckets)
        .bind::<Array<Uuid>, _>(buckets.iter().map(first).collect::<Vec<_>>())
        .bind::<Uuid, _>(incident)
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind::<BigInt, _>(bit.unwrap_or(i64::MAX))
        .bind::<Nullable<Text>, _>(filter.jurisdiction.as_deref())
        .bind::<Nullable<Text>, _>(filter.locale.as_deref())
        .bind::<Nullable<Text>, _>(filter.reason.map(|reason| reason.as_str()))
        .load(conn)
        .await?)
}

/// The standing of the filter; without one, everybody in scope.
fn standing(of: &PeopleFilter) -> String {
    match of.standing {
        Some(PersonStanding::Notified) => {
            "p.standing in ('notified', 'notified_by_post', 'notified_otherwise')".to_owned()
        }
        Some(standing) => format!("p.standing = '{standing}'"),
        None => "p.standing <> 'retracted'".to_owned(),
    }
}

/// The elements of the filter; `$5` has their bits.
fn bits(of: &PeopleFilter) -> &'static str {
    match (of.element, of.incomplete) {
        (_, true) => " and p.exposed & $5 & ~p.named <> 0",
        (Some(_), false) => " and p.exposed & $5 <> 0",
        (None, false) => "",
    }
}
