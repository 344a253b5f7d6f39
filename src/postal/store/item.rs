//! Letters as they are read. They lie with their person: every statement names the bucket.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{Item, Knows, PostalKind, PostalState, PostalStatus};
use super::{Belongs, COLUMNS, Row, elements, read};
use crate::db::schema::{postal_batch, postal_item as row};
use crate::db::{Conn, Result};
use crate::id::{PersonId, PostalId};
use crate::person::ToldBy;

/// The next letters of a list in one bucket, in the order of the people: the recipient, what each names, and whether it is addressed
/// to the parent or guardian.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn page(
    conn: &mut Conn,
    batch: PostalId,
    bucket: i32,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Belongs>> {
    let after = after.map_or(uuid::Uuid::nil(), PersonId::uuid);
    let rows: Vec<(PersonId, i64, bool)> = row::table
        .filter(row::bucket.eq(bucket).and(row::batch_id.eq(batch)))
        .filter(row::person_id.gt(after))
        .order(row::person_id)
        .limit(limit)
        .select((row::person_id, row::named, row::to_guardian))
        .load(conn)
        .await?;
    let read = |(person, named, minor)| {
        Ok(Belongs {
            person,
            named: elements(named, person)?,
            minor,
        })
    };
    rows.into_iter().map(read).collect()
}

type ItemRow = (
    Row,
    (
        PersonId,
        i64,
        PostalStatus,
        Option<i64>,
        Option<DateTime<Utc>>,
        Option<ToldBy>,
        i64,
        Option<DateTime<Utc>>,
        Option<Vec<u8>>,
        bool,
    ),
    Option<Vec<u8>>,
);

fn item(of: ItemRow) -> Result<Item> {
    let (batch, item, how) = of;
    let (person, named, status, code_key, posted_at, told, known, closed_at, reason, replaces) =
        item;
    Ok(Item {
        batch: read(batch),
        person,
        named: elements(named, person)?,
        replaces,
        status,
        code_key,
        posted_at,
        before: Knows {
            told,
            named: elements(known, person)?,
        },
        closed_at,
        reason,
        how,
    })
}

macro_rules! items {
    ($conn:expr, $which:expr) => {{
        let rows: Vec<ItemRow> = row::table
            .inner_join(postal_batch::table.on(postal_batch::id.eq(row::batch_id)))
            .filter($which)
            .order((row::posted_at, row::batch_id))
            .select((
                COLUMNS,
                (
                    row::person_id,
                    row::named,
                    row::status,
                    row::code_key,
                    row::posted_at,
                    row::told_before,
                    row::named_before,
                    row::closed_at,
                    row::reason,
                    row::replaces,
                ),
                postal_batch::how,
            ))
            .load($conn)
            .await?;
        rows.into_iter().map(item).collect::<Result<Vec<_>>>()
    }};
}

/// The letters to a person, those of discarded lists too: in the order in which they were recorded as posted, then
/// those that were not.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Item>> {
    of_people(conn, person.bucket(), &[person]).await
}

/// The letters to people of one bucket, each person's in the order of [`of_person`].
///
/// # Errors
/// As [`of_person`].
pub async fn of_people(conn: &mut Conn, bucket: i32, people: &[PersonId]) -> Result<Vec<Item>> {
    items!(
        conn,
        row::bucket.eq(bucket).and(row::person_id.eq_any(people))
    )
}

/// The letters with codes of these keys.
///
/// # Errors
/// As [`of_person`].
pub async fn of_code(conn: &mut Conn, bucket: i32, keys: &[i64]) -> Result<Vec<Item>> {
    items!(conn, row::bucket.eq(bucket).and(row::code_key.eq_any(keys)))
}

/// The day on which the last letter to a person was posted, of those that did not come back.
///
/// # Errors
/// The database's.
pub async fn last_posted(conn: &mut Conn, person: PersonId) -> Result<Option<NaiveDate>> {
    let days: Vec<Option<NaiveDate>> = row::table
        .inner_join(postal_batch::table.on(postal_batch::id.eq(row::batch_id)))
        .filter(
            row::bucket
                .eq(person.bucket())
                .and(row::person_id.eq(person)),
        )
        .filter(row::status.eq(PostalStatus::Posted))
        .filter(postal_batch::kind.eq_any([
            PostalKind::Letter,
            PostalKind::Guardian,
            PostalKind::Correction,
        ]))
        .filter(postal_batch::state.ne(PostalState::Discarded))
        .select(postal_batch::posted_on)
        .load(conn)
        .await?;
    Ok(days.into_iter().flatten().max())
}
