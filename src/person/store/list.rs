//! The people behind a figure of the account, page by page.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{PeopleFilter, Person};
use super::{Row, open};
use crate::db::schema::{person_now, sql_types};
use crate::db::{Conn, Result};
use crate::id::{IncidentId, PersonId};
use crate::seal::IncidentKey;

/// After the first match a page reads at most this many buckets: rare people are far apart.
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
    let last = buckets.last().copied();
    for (read, bucket) in buckets.into_iter().enumerate() {
        if found.len() > limit || (read >= BUCKETS_A_PAGE && !found.is_empty()) {
            break;
        }
        let after = after.filter(|after| after.bucket() == bucket);
        let room = i64::try_from(limit + 1 - found.len()).unwrap_or(i64::MAX);
        found.extend(page(conn, incident, filter, bucket, after, room).await?);
        if Some(bucket) == last && found.len() <= limit {
            let people = found.into_iter().map(|row| open(row, key));
            return Ok((people.collect::<Result<_>>()?, None));
        }
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

async fn page(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &PeopleFilter,
    bucket: i32,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Row>> {
    use super::super::PersonStanding::{Notified, NotifiedByPost, NotifiedOtherwise, Retracted};
    let mut query = person_now::table
        .filter(
            person_now::bucket
                .eq(bucket)
                .and(person_now::incident_id.eq(incident)),
        )
        .order(person_now::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    query = match filter.standing {
        Some(Notified) => {
            query.filter(person_now::standing.eq_any([Notified, NotifiedByPost, NotifiedOtherwise]))
        }
        Some(standing) => query.filter(person_now::standing.eq(standing)),
        None => query.filter(person_now::standing.ne(Retracted)),
    };
    if let Some(after) = after {
        query = query.filter(person_now::id.gt(after));
    }
    if let Some(jurisdiction) = &filter.jurisdiction {
        query = query.filter(person_now::jurisdiction.eq(jurisdiction));
    }
    if let Some(locale) = &filter.locale {
        query = query.filter(person_now::locale.eq(locale));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(person_now::withheld.eq(reason));
    }
    let bit = filter.element.map(|element| 1_i64 << element as u8);
    let bits = diesel::dsl::sql::<Bool>("exposed & ")
        .bind::<BigInt, _>(bit.unwrap_or(i64::MAX))
        .sql(if filter.incomplete {
            " & ~named <> 0"
        } else {
            " <> 0"
        });
    if bit.is_some() || filter.incomplete {
        query = query.filter(bits);
    }
    Ok(query.load(conn).await?)
}
