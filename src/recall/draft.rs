//! The draft of the campaign that writes to the people of a recall.

use serde_json::json;

use super::steer::{CAMPAIGNS, RecallError, note};
use super::{Recall, RecallStatus, readers, store};
use crate::app::App;
use crate::audit::Action;
use crate::campaign::audience::{Listed, Who};
use crate::campaign::draft::create_within;
use crate::campaign::store::NewCampaign;
use crate::campaign::{
    self, Audience, Campaign, CampaignKind, CampaignStatus, Limits, Name, UncertainPolicy,
};
use crate::id::{CampaignId, RecallId, StaffId, TemplateId};
use crate::template;

/// Drafts a correction of a published recall, to exactly the people with a wrong text that a relay accepted by now. Its
/// texts are those of a template, in its newest version if the caller names none.
///
/// # Errors
/// [`RecallError::NotPublished`], [`RecallError::Nobody`], [`RecallError::Drafted`], [`RecallError::Campaign`];
/// [`RecallError::Missing`] without such a recall or template version.
pub async fn draft(
    app: &App,
    by: StaffId,
    id: RecallId,
    (template, version): (TemplateId, Option<i32>),
) -> Result<CampaignId, RecallError> {
    let now = app.now();
    // Finding the people reads all notices of the campaigns.
    let mut tx = app.db.patient().begin().await?;
    let recall = store::find(&mut tx, id).await?;
    check_published(&recall)?;
    let template = template::store::find(&mut tx, template, version).await?;
    let sent = readers::sent(&mut tx, &recall).await?;
    let kept = store::readers::keep(&mut tx, recall.incident, &sent, (by, now)).await?;
    let (list, references) = kept.ok_or(RecallError::Nobody)?;
    // Not before: a withdrawal does not wait for the list. Of two who draft at once, the second finds the first campaign.
    check_published(&store::lock(&mut tx, id).await?)?;
    let of = Some(recall.incident);
    let campaigns = campaign::store::list(&mut tx, of, None, CAMPAIGNS).await?;
    let listed = Listed { list, references };
    if let Some(first) = campaigns.iter().find(|one| corrects(one, listed)) {
        return Err(RecallError::Drafted(first.id));
    }
    let new = NewCampaign {
        incident: recall.incident,
        template: template.id,
        template_version: template.version,
        kind: CampaignKind::Correction,
        audience: Audience {
            who: Some(Who::Told),
            only_listed: Some(listed),
            ..Audience::default()
        },
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let corrected = corrected(&recall, &campaigns).map(|one| one.name.of_correction());
    let name = corrected.unwrap_or_else(|| Name::usual(new.kind, now));
    let campaign = Box::pin(create_within(&mut tx, app, by, (&name, &new))).await?;
    let detail = json!({
        "incident": recall.incident, "campaign": campaign, "list": list, "references": references,
    });
    note(&mut tx, app, by, (Action::RecallDraft, id), &detail).await?;
    tx.commit().await?;
    Ok(campaign)
}

fn check_published(recall: &Recall) -> Result<(), RecallError> {
    match recall.status {
        RecallStatus::Published => Ok(()),
        other => Err(RecallError::NotPublished(other)),
    }
}

/// Whether a correction that was not cancelled has this list.
fn corrects(one: &Campaign, listed: Listed) -> bool {
    one.kind == CampaignKind::Correction
        && one.status != CampaignStatus::Cancelled
        && one.audience.only_listed == Some(listed)
}

/// The campaign with the wrong text, if there is only one.
fn corrected<'c>(recall: &Recall, campaigns: &'c [Campaign]) -> Option<&'c Campaign> {
    match recall.texts.as_slice() {
        [only] => campaigns.iter().find(|one| one.id == only.campaign),
        _ => None,
    }
}
