//! How often the code of a letter was typed wrongly.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, SmallInt, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::postal_try;
use crate::db::{Conn, Result, statement};
use crate::id::PersonId;

#[derive(QueryableByName)]
struct Tries {
    #[diesel(sql_type = SmallInt)]
    counted: i16,
}

const COUNT_TRY: &str = "
    insert into postal_try (bucket, person_id, counted_from, counted) values ($1, $2, $3, 1)
    on conflict (bucket, person_id) do update set
        counted = case when postal_try.counted_from <= $4 then 1 else least(postal_try.counted + 1, 1000) end,
        counted_from = case when postal_try.counted_from <= $4 then $3 else postal_try.counted_from end
    returning counted";

/// Counts a code that was typed for a person; how many were since the first, or since that was as long ago as `over`.
///
/// # Errors
/// The database's.
pub async fn count_try(
    conn: &mut Conn,
    person: PersonId,
    now: DateTime<Utc>,
    over: DateTime<Utc>,
) -> Result<i16> {
    let tries: Tries = statement(COUNT_TRY)
        .bind::<Integer, _>(person.bucket())
        .bind::<Uuid, _>(person)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(over)
        .get_result(conn)
        .await?;
    Ok(tries.counted)
}

/// Forgets the codes that were typed for a person, since a right one was.
///
/// # Errors
/// The database's.
pub async fn forgive_try(conn: &mut Conn, person: PersonId) -> Result<()> {
    diesel::delete(postal_try::table.find((person.bucket(), person)))
        .execute(conn)
        .await?;
    Ok(())
}
