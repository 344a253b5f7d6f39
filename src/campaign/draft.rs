//! Writing a draft: it begins, and is edited until it is submitted.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::difference::{differences, words};
use super::error::CampaignError;
use super::guard::{Seen, as_seen, check_draft, note};
use super::store::{self, NewCampaign};
use super::{Campaign, CampaignStatus, Name, reference_list};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::db::Conn;
use crate::id::{CampaignId, StaffId};
use crate::incident;

/// Writes a draft with the usual name.
///
/// # Errors
/// As [`create_named`].
pub async fn create(
    app: &App,
    by: StaffId,
    new: &NewCampaign,
) -> Result<CampaignId, CampaignError> {
    let name = Name::usual(new.kind, app.now());
    Box::pin(create_named(app, by, &name, new)).await
}

/// Writes a draft.
///
/// # Errors
/// [`CampaignError::Missing`] without such an incident or template version; [`CampaignError::Audience`],
/// [`CampaignError::Late`] and what else its limits may not be.
pub async fn create_named(
    app: &App,
    by: StaffId,
    name: &Name,
    new: &NewCampaign,
) -> Result<CampaignId, CampaignError> {
    let mut tx = app.db.begin().await?;
    let id = create_within(&mut tx, app, by, (name, new)).await?;
    tx.commit().await?;
    Ok(id)
}

/// The same within a transaction that the caller commits.
///
/// # Errors
/// As [`create_named`].
pub(crate) async fn create_within(
    tx: &mut Conn,
    app: &App,
    by: StaffId,
    (name, new): (&Name, &NewCampaign),
) -> Result<CampaignId, CampaignError> {
    check_draft(app, new)?;
    let id = begin(tx, (by, app.now()), name, new, None).await?;
    let (by, detail) = (Actor::Staff(by), detail(name, new));
    note(tx, app, by, Action::CampaignCreate, id, &detail).await?;
    Ok(id)
}

/// Inserts a draft, if the people of its incident were not forgotten.
pub(super) async fn begin(
    tx: &mut Conn,
    (by, now): (StaffId, DateTime<Utc>),
    name: &Name,
    new: &NewCampaign,
    copied_from: Option<CampaignId>,
) -> Result<CampaignId, CampaignError> {
    let id = CampaignId::new(now);
    let of = incident::store::hold(tx, new.incident).await?;
    if of.forgotten_at.is_some() {
        return Err(CampaignError::Forgotten);
    }
    reference_list::check(tx, of.id, &new.audience).await?;
    store::insert(tx, (id, name), copied_from, new, (by, now)).await?;
    Ok(id)
}

/// What a draft is for, as the audit log says it.
pub(super) fn detail(name: &Name, of: &NewCampaign) -> Value {
    json!({
        "name": name, "kind": of.kind, "template": of.template, "template_version": of.template_version,
        "audience": of.audience, "limits": of.limits, "on_uncertain": of.on_uncertain,
    })
}

/// Edits a draft that is still at `version`; it keeps its name.
///
/// # Errors
/// As [`edit_named`].
pub async fn edit(
    app: &App,
    by: StaffId,
    id: CampaignId,
    version: i32,
    new: &NewCampaign,
) -> Result<(), CampaignError> {
    Box::pin(edit_named(app, by, Seen::at(id, Some(version)), None, new)).await
}

/// Edits a draft; without a name it keeps its own. The incident stays.
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::NotADraft`], and as [`create_named`].
pub async fn edit_named(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    name: Option<&Name>,
    new: &NewCampaign,
) -> Result<(), CampaignError> {
    let seen = of.into();
    check_draft(app, new)?;
    let mut tx = app.db.begin().await?;
    let before = store::lock(&mut tx, seen.id).await?;
    as_seen(&mut tx, &before, seen).await?;
    if before.status != CampaignStatus::Draft {
        return Err(CampaignError::NotADraft);
    }
    reference_list::check(&mut tx, before.incident, &new.audience).await?;
    let name = name.unwrap_or(&before.name);
    let set = store::set_draft(&mut tx, (before.id, before.version), name, new).await?;
    set.expected("campaign", before.id)?;
    let mut detail = detail(name, new);
    let after = edited(&before, name, new);
    detail["changed"] = json!(words(&differences(&before, &after)));
    let by = Actor::Staff(by);
    note(&mut tx, app, by, Action::CampaignEdit, before.id, &detail).await?;
    tx.commit().await?;
    Ok(())
}

fn edited(before: &Campaign, name: &Name, new: &NewCampaign) -> Campaign {
    Campaign {
        name: name.clone(),
        template: new.template,
        template_version: new.template_version,
        kind: new.kind,
        audience: new.audience.clone(),
        limits: new.limits,
        on_uncertain: new.on_uncertain,
        ..before.clone()
    }
}

/// The draft that a campaign was, or is.
pub fn as_draft(of: &Campaign) -> NewCampaign {
    NewCampaign {
        incident: of.incident,
        template: of.template,
        template_version: of.template_version,
        kind: of.kind,
        audience: of.audience.clone(),
        limits: of.limits,
        on_uncertain: of.on_uncertain,
    }
}
