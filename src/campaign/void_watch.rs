//! Tells author and approver once when an approval has become void. A launch compares again by itself; this watch only
//! keeps people from waiting for something that cannot be launched.

use serde_json::json;

use super::approval::{changes, present_content};
use super::change::Change;
use super::error::CampaignError;
use super::news::{self, News};
use super::{Campaign, CampaignStatus, store};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::id::CampaignId;
use crate::incident;

/// Looks at the approvals of all campaigns that are not launched, and tells of each that became void.
///
/// # Errors
/// The database's.
pub async fn tell_all(app: &App) -> db::Result<()> {
    let watched = store::approvals::list_watched(&mut *app.db.get().await?).await?;
    for id in watched {
        tell_one(app, id).await?;
    }
    Ok(())
}

async fn tell_one(app: &App, id: CampaignId) -> db::Result<()> {
    let mut conn = app.db.get().await?;
    let campaign = store::find(&mut conn, id).await?;
    // Most are as they were: these are not locked.
    if voided(app, &mut conn, &campaign).await?.is_empty() {
        return Ok(());
    }
    drop(conn);
    let mut tx = app.db.begin().await?;
    let incident = incident::store::hold(&mut tx, campaign.incident).await?;
    let campaign = store::lock(&mut tx, id).await?;
    let changed = voided(app, &mut tx, &campaign).await?;
    let (false, Some(hash)) = (changed.is_empty(), campaign.approved_hash.clone()) else {
        tx.roll_back().await;
        return Ok(());
    };
    let now = app.now();
    let told = store::approvals::set_void_told(&mut tx, id, hash, now).await?;
    if told.is_written() {
        let (by, detail) = (
            Actor::System(System::Approvals),
            json!({ "changed": changed }),
        );
        audit::store::append(&mut tx, now, by, Action::CampaignVoid, id, &detail).await?;
        news::tell(&mut tx, app, &incident, &campaign, &News::Void(&changed)).await?;
    }
    tx.commit().await
}

/// What changed since the approval of a campaign that can be launched; nothing while the approval is valid.
async fn voided(app: &App, conn: &mut Conn, of: &Campaign) -> db::Result<Vec<Change>> {
    use CampaignStatus::{Approved, Scheduled};
    if !matches!(of.status, Approved | Scheduled) {
        return Ok(Vec::new());
    }
    match present_content(app, conn, of).await {
        Ok(present) => Ok(changes(of, &present)),
        Err(CampaignError::NoScope) => Ok(vec![Change::Scope]),
        Err(CampaignError::Db(error)) => Err(error),
        Err(_) => Ok(Vec::new()),
    }
}
