//! How an incident tells minors: the choice, which is audited.

use serde_json::json;

use super::{MinorsRule, PostalError, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::campaign::{self, CampaignStatus};
use crate::id::{IncidentId, StaffId};
use crate::incident;

/// More campaigns than any incident has.
const CAMPAIGNS: i64 = 500;

/// Chooses how minors are told. Not while a campaign is submitted, approved or under way: the choice decides who is in
/// its audience.
///
/// # Errors
/// [`PostalError::CampaignUnderWay`].
pub async fn choose(
    app: &App,
    by: StaffId,
    of: IncidentId,
    rule: MinorsRule,
) -> Result<(), PostalError> {
    let mut tx = app.db.begin().await?;
    incident::store::lock(&mut tx, of).await?;
    let from = store::minors(&mut tx, of).await?;
    if from == rule {
        return Ok(());
    }
    let campaigns = campaign::store::list(&mut tx, Some(of), None, CAMPAIGNS).await?;
    let under_way = |status: CampaignStatus| !status.is_over() && status != CampaignStatus::Draft;
    if let Some(one) = campaigns.iter().find(|one| under_way(one.status)) {
        return Err(PostalError::CampaignUnderWay(one.status.to_string()));
    }
    store::set_minors(&mut tx, of, rule).await?;
    let detail = json!({ "from": from, "to": rule });
    let actor = Actor::Staff(by);
    audit::store::append(
        &mut tx,
        app.now(),
        actor,
        Action::IncidentMinors,
        of,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
