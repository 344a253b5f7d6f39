//! Copying a campaign: a new draft like it, with the newest texts.

use serde_json::json;

use super::draft::{as_draft, begin, detail};
use super::error::CampaignError;
use super::guard::note;
use super::store::{self, NewCampaign};
use super::{Campaign, Limits};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::id::{CampaignId, StaffId};
use crate::template;

/// Drafts a copy of a campaign in any state: with the newest version of its template, and without times that are past.
///
/// # Errors
/// [`CampaignError::Missing`], [`CampaignError::Forgotten`].
pub async fn copy(app: &App, by: StaffId, of: CampaignId) -> Result<CampaignId, CampaignError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let source = store::find(&mut tx, of).await?;
    let newest = template::store::find(&mut tx, source.template, None).await?;
    let new = NewCampaign {
        template_version: newest.version,
        limits: Limits {
            finish_by: source.limits.finish_by.filter(|at| *at > now),
            launch_at: source.limits.launch_at.filter(|at| *at > now),
            ..source.limits
        },
        ..as_draft(&source)
    };
    let name = source.name.of_copy();
    let id = begin(&mut tx, (by, now), &name, &new, Some(source.id)).await?;
    let mut detail = detail(&name, &new);
    detail["copied_from"] = json!(source.id);
    let by = Actor::Staff(by);
    note(&mut tx, app, by, Action::CampaignCopy, id, &detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// Whether a page of a campaign says in what it differs from the campaign that it was copied from: until its launch.
pub(crate) fn is_compared(of: &Campaign) -> bool {
    of.copied_from.is_some() && of.launched_at.is_none()
}
