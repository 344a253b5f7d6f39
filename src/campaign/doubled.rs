//! How many notices may have reached their people twice. Counting takes the longer the more attempts are uncertain: after
//! a restore that may be all.

use std::time::Duration;

use super::{Campaign, store};
use crate::app::App;
use crate::db;
use crate::id::CampaignId;

/// How long a page or an answer waits for it.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Counts them for no longer than `within`; `None` if that is not enough.
///
/// # Errors
/// The database's.
pub async fn counted(app: &App, of: &Campaign, within: Duration) -> db::Result<Option<i64>> {
    match of.launched_at {
        None => Ok(Some(0)),
        Some(_) if within.is_zero() => Ok(None),
        Some(_) => counted_within(app, of.id, within).await,
    }
}

async fn counted_within(app: &App, id: CampaignId, within: Duration) -> db::Result<Option<i64>> {
    let mut tx = app.db.begin_within(within).await?;
    let counted = store::doubled(&mut tx, id).await;
    // The time limit ends with it.
    tx.roll_back().await;
    match counted {
        Ok(counted) => Ok(Some(counted)),
        Err(error @ (db::Error::Unavailable(_) | db::Error::Late(_))) => {
            tracing::debug!(%error, campaign = %id, "notices that may have arrived twice are not counted in time");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
