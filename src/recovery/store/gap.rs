//! The times in which records of sent messages may be missing, written.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::departed::Gap;
use crate::db::schema::restored_gap;
use crate::db::{Conn, Result};

/// Puts on record that what was sent between the copy and the time since when it is held may be unknown here.
///
/// # Errors
/// `Conflict` if another decision was made at the same moment.
pub(crate) async fn insert_gap(conn: &mut Conn, gap: Gap) -> Result<()> {
    diesel::insert_into(restored_gap::table)
        .values((
            restored_gap::decided_at.eq(gap.now),
            restored_gap::copied_at.eq(gap.copied_at),
            restored_gap::held_at.eq(gap.held_at.max(gap.copied_at)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
