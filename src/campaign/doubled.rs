//! How many notices may have reached their people, twice or while they wait for another try. Counting takes longer the
//! more attempts are uncertain: after a restore that may be all.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Campaign;
use super::store::{self, MayHaveArrived};
use crate::app::App;
use crate::db;
use crate::id::CampaignId;

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

/// The same of each of these campaigns, for no longer than `within` in all.
///
/// # Errors
/// The database's.
pub async fn counted_of_each<'c>(
    app: &App,
    of: impl IntoIterator<Item = &'c Campaign>,
    within: Duration,
) -> db::Result<Option<BTreeMap<CampaignId, MayHaveArrived>>> {
    let launched = of.into_iter().filter(|one| one.launched_at.is_some());
    let ids: Vec<CampaignId> = launched.map(|one| one.id).collect();
    if ids.is_empty() {
        return Ok(Some(BTreeMap::new()));
    }
    let count = async |conn: &mut db::Conn| store::may_have_arrived_of_each(conn, &ids).await;
    app.db.read_within(within, count).await
}
