//! The times in which records of sent messages may be missing.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::RunQueryDsl;

use super::super::{Missing, REMEMBERED};
use crate::db::{Conn, Result, statement};

#[derive(QueryableByName)]
struct Span {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    from: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until: Option<DateTime<Utc>>,
}

/// The interval in which messages may have left without a record in this database: by the doubt on record, and by the
/// decisions since [`REMEMBERED`] before `now`. `None` if there is neither.
///
/// # Errors
/// The database's.
pub async fn missing(conn: &mut Conn, now: DateTime<Utc>) -> Result<Option<Missing>> {
    let span: Span = statement(
        "select min(g.copied_at) as from, max(g.held_at) as until from ( \
            select grown_at as copied_at, greatest(doubt_at, grown_at) as held_at from deployment where doubt is not null \
            union all select copied_at, held_at from restored_gap where decided_at > $1 \
         ) g",
    )
    .bind::<Timestamptz, _>(now - REMEMBERED)
    .get_result(conn)
    .await?;
    let both = span.from.zip(span.until);
    Ok(both.map(|(from, until)| Missing { from, until }))
}
