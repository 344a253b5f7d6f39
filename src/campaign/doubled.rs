//! How many notices may have reached their people, twice or while they wait for another try. Counting takes longer the
//! more attempts are uncertain: after a restore that may be all.

use std::time::Duration;

use super::Campaign;
use super::store::{self, MayHaveArrived};
use crate::app::App;
use crate::db;

/// How long a page or an answer waits for it.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Counts them for no longer than `within`; `None` if that is not enough.
///
/// # Errors
/// The database's.
pub async fn counted(
    app: &App,
    of: &Campaign,
    within: Duration,
) -> db::Result<Option<MayHaveArrived>> {
    if of.launched_at.is_none() {
        return Ok(Some(MayHaveArrived::default()));
    }
    let count = async |conn: &mut db::Conn| store::may_have_arrived(conn, of.id).await;
    app.db.read_within(within, count).await
}
