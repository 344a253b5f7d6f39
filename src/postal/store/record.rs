//! Letters as they are written: listed, posted, returned. Every statement names the bucket.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Nullable, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{Knows, PostalStatus};
use super::{Belongs, Named};
use crate::db::schema::{postal_item as row, sql_types};
use crate::db::{Conn, Result, statement};
use crate::element::ElementSet;
use crate::id::{BUCKETS, PersonId, PostalId};
use crate::person::contact::Key;

/// A letter of a list being taken.
#[derive(Debug, Clone, Copy)]
pub struct NewItem {
    /// The recipient, and what the letter names.
    pub of: Belongs,
    /// The key of its code.
    pub code_key: Option<i64>,
    /// Whether it corrects.
    pub replaces: bool,
    /// The key of the postal address that it goes to.
    pub address_key: Option<Key>,
}

const INSERT: &str = "
    insert into postal_item (bucket, batch_id, person_id, named, code_key, replaces, to_guardian, address_key,
        status)
    select $1, $2, n.person_id, n.named, n.code_key, n.replaces, n.to_guardian, n.address_key, 'listed'
    from unnest($3, $4, $5, $6, $7, $8)
        as n (person_id, named, code_key, replaces, to_guardian, address_key)";

/// Puts letters to people of one bucket on a list.
///
/// # Errors
/// The database's.
pub async fn insert_items(
    conn: &mut Conn,
    batch: PostalId,
    bucket: i32,
    new: &[NewItem],
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    statement(INSERT)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(batch)
        .bind::<Array<Uuid>, _>(new.iter().map(|n| n.of.person.uuid()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(new.iter().map(|n| n.of.named.bits()).collect::<Vec<_>>())
        .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|n| n.code_key).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(new.iter().map(|n| n.replaces).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(new.iter().map(|n| n.of.minor).collect::<Vec<_>>())
        .bind::<Array<Nullable<Bytea>>, _>(
            new.iter()
                .map(|n| n.address_key.as_ref().map(<[u8; 16]>::as_slice))
                .collect::<Vec<_>>(),
        )
        .execute(conn)
        .await?;
    Ok(())
}

/// Records that one person was told, on a list of their own.
///
/// # Errors
/// The database's.
pub async fn insert_told(
    conn: &mut Conn,
    batch: PostalId,
    to: PersonId,
    (named, replaces): (ElementSet, bool),
    before: Knows,
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(row::table)
        .values((
            row::bucket.eq(to.bucket()),
            row::batch_id.eq(batch),
            row::person_id.eq(to),
            row::named.eq(named.bits()),
            row::replaces.eq(replaces),
            row::status.eq(PostalStatus::Posted),
            row::posted_at.eq(at),
            row::told_before.eq(before.told),
            row::named_before.eq(before.named.bits()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The buckets in which letters of a list wait.
///
/// # Errors
/// The database's.
pub async fn listed_buckets(conn: &mut Conn, batch: PostalId) -> Result<Vec<i32>> {
    Ok(row::table
        .filter(row::bucket.eq_any((0..BUCKETS).collect::<Vec<_>>()))
        .filter(
            row::batch_id
                .eq(batch)
                .and(row::status.eq(PostalStatus::Listed)),
        )
        .select(row::bucket)
        .distinct()
        .order(row::bucket)
        .load(conn)
        .await?)
}

const POST: &str = "
    with posted as (
        select i.person_id, p.told, p.named
        from postal_item i join person_now p on p.bucket = $1 and p.id = i.person_id
        where i.bucket = $1 and i.batch_id = $2 and i.status = 'listed'
        order by i.person_id limit $4
    )
    update postal_item i
    set status = 'posted', posted_at = $3, told_before = posted.told, named_before = posted.named
    from posted
    where i.bucket = $1 and i.batch_id = $2 and i.person_id = posted.person_id
    returning i.person_id as id, i.named";

/// Records letters of one bucket as posted, and what their people had been told before. Returns the recipients, and
/// what the letters name. The bucket's people must be locked.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn post_items(
    conn: &mut Conn,
    batch: PostalId,
    bucket: i32,
    at: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(PersonId, ElementSet)>> {
    let rows: Vec<Named> = statement(POST)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(batch)
        .bind::<Timestamptz, _>(at)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(Named::read).collect()
}

/// A letter that came back or was not posted: the list, the recipient, which of the two, and the sealed reason.
pub(crate) type Closed = (PostalId, PersonId, PostalStatus, Vec<u8>);

const CLOSE: &str = "
    update postal_item i set status = c.status, reason = c.reason, closed_at = $6
    from unnest($2, $3, $4, $5) as c (batch_id, person_id, status, reason)
    where i.bucket = $1 and i.batch_id = c.batch_id and i.person_id = c.person_id";

/// Ends letters of one bucket that came back or were not posted after all.
///
/// # Errors
/// The database's.
pub async fn close_items(
    conn: &mut Conn,
    bucket: i32,
    closed: &[Closed],
    at: DateTime<Utc>,
) -> Result<()> {
    statement(CLOSE)
        .bind::<Integer, _>(bucket)
        .bind::<Array<Uuid>, _>(closed.iter().map(|c| c.0.uuid()).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(closed.iter().map(|c| c.1.uuid()).collect::<Vec<_>>())
        .bind::<Array<sql_types::PostalStatus>, _>(closed.iter().map(|c| c.2).collect::<Vec<_>>())
        .bind::<Array<Bytea>, _>(closed.iter().map(|c| &*c.3).collect::<Vec<_>>())
        .bind::<Timestamptz, _>(at)
        .execute(conn)
        .await?;
    Ok(())
}

const REBASE: &str = "
    update postal_item i set told_before = c.told, named_before = c.named
    from unnest($2, $3, $4, $5) as c (batch_id, person_id, told, named)
    where i.bucket = $1 and i.batch_id = c.batch_id and i.person_id = c.person_id";

/// Corrects what people of one bucket had been told before letters, since earlier ones did not reach them.
///
/// # Errors
/// The database's.
pub async fn rebase_items(
    conn: &mut Conn,
    bucket: i32,
    rebased: &[(PostalId, PersonId, Knows)],
) -> Result<()> {
    if rebased.is_empty() {
        return Ok(());
    }
    statement(REBASE)
        .bind::<Integer, _>(bucket)
        .bind::<Array<Uuid>, _>(rebased.iter().map(|r| r.0.uuid()).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(rebased.iter().map(|r| r.1.uuid()).collect::<Vec<_>>())
        .bind::<Array<Nullable<sql_types::ToldBy>>, _>(
            rebased.iter().map(|r| r.2.told).collect::<Vec<_>>(),
        )
        .bind::<Array<BigInt>, _>(rebased.iter().map(|r| r.2.named.bits()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}
