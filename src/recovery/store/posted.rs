//! What a decision about a copy says of letters on paper.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use crate::db::schema::postal_batch;
use crate::db::{Conn, Result, statement};
use crate::id::PostalId;
use crate::postal::PostalState;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// How many people need a letter, of incidents that are not forgotten.
///
/// # Errors
/// The database's.
pub(crate) async fn count_need_letter(conn: &mut Conn) -> Result<u64> {
    let count: Count = statement(
        "select coalesce(sum(a.n), 0)::bigint as people from account_count a \
         join incident i on i.id = a.incident_id \
         where a.standing = 'needs_letter' and i.forgotten_at is null",
    )
    .get_result(conn)
    .await?;
    Ok(u64::try_from(count.people).unwrap_or(0))
}

/// The lists of letters that wait or are being recorded, oldest first.
///
/// # Errors
/// The database's.
pub(crate) async fn lists_waiting(conn: &mut Conn) -> Result<Vec<PostalId>> {
    Ok(postal_batch::table
        .filter(postal_batch::state.eq_any([PostalState::Listed, PostalState::Posting]))
        .order(postal_batch::id)
        .select(postal_batch::id)
        .load(conn)
        .await?)
}
