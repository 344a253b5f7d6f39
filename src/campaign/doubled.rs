//! How many notices may have reached their people, twice or while they wait for another try. Counting takes the longer
//! the more attempts are uncertain: after a restore that may be all.

use std::time::Duration;

use super::{Campaign, store};
use crate::app::App;
use crate::db::{self, Conn};

/// How long a page or an answer waits for it.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Counts those that may have arrived twice for no longer than `within`; `None` if that is not enough.
///
/// # Errors
/// The database's.
pub async fn counted(app: &App, of: &Campaign, within: Duration) -> db::Result<Option<i64>> {
    counted_by(app, of, within, async |conn| {
        store::doubled(conn, of.id).await
    })
    .await
}

/// Counts those that may have arrived and wait for another try for no longer than `within`; `None` if that is not enough.
///
/// # Errors
/// The database's.
pub async fn waiting(app: &App, of: &Campaign, within: Duration) -> db::Result<Option<i64>> {
    counted_by(app, of, within, async |conn| {
        store::maybe_arrived(conn, of.id).await
    })
    .await
}

async fn counted_by(
    app: &App,
    of: &Campaign,
    within: Duration,
    count: impl AsyncFnOnce(&mut Conn) -> db::Result<i64>,
) -> db::Result<Option<i64>> {
    if of.launched_at.is_none() {
        return Ok(Some(0));
    }
    if within.is_zero() {
        return Ok(None);
    }
    let mut tx = app.db.begin_within(within).await?;
    let counted = count(&mut tx).await;
    // The time limit ends with it.
    tx.roll_back().await;
    match counted {
        Ok(counted) => Ok(Some(counted)),
        Err(error) if error.is_passing() => {
            tracing::debug!(%error, campaign = %of.id, "notices that may have arrived are not counted in time");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
