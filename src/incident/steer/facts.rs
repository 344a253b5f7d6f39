//! The fact sheet and the updates: saving, publishing.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::claims::record;
use super::{SteerError, at_version, lock};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::id::{IncidentId, StaffId, UpdateId};
use crate::incident::change::changes;
use crate::incident::claims::{differing, of_facts};
use crate::incident::publication::{marks_differ, publish as publish_claims};
use crate::incident::{
    BadText, Facts, Published, Update, UpdateKind, check_facts, check_title, store,
};
use crate::invisible::shows_nothing;

/// Replaces the working title and fact sheet. Nothing of it is public before [`publish_facts`].
///
/// # Errors
/// [`SteerError::Text`], [`SteerError::Forgotten`], or [`SteerError::Changed`] if it is no longer at `version`.
pub async fn edit_facts(
    app: &App,
    by: StaffId,
    id: IncidentId,
    version: i32,
    title: &str,
    facts: &Facts,
) -> Result<(), SteerError> {
    check_title(title)?;
    check_facts(facts)?;
    let mut tx = app.db.begin().await?;
    let found = lock(&mut tx, id).await?;
    at_version(&mut tx, &found, version).await?;
    if found.published_title.is_none()
        && found.title != title
        && found.is_public(store::has_spoken(&mut tx, id).await?)
    {
        store::pin_title(&mut tx, id, &found.title).await?;
    }
    let known = of_facts(&found.facts, store::claims::latest(&mut tx, id).await?);
    let set = store::set_facts(&mut tx, id, version, title, facts).await?;
    set.expected("incident", id)?;
    let present = of_facts(facts, known.values().cloned().collect());
    record(
        &mut tx,
        (id, version + 1),
        (&known, &present),
        (by, app.now()),
    )
    .await?;
    let detail = json!({
        "facts": facts.keys().collect::<Vec<_>>(),
        "changed": differing(&found.facts, facts),
        "title": found.title != title,
    });
    audit::store::append(
        &mut tx,
        app.now(),
        Actor::Staff(by),
        Action::IncidentFacts,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Publishes title and facts of the working sheet as they are at `version`: public pages and status pages
/// show them from then on, and the incident's page is public.
///
/// # Errors
/// [`SteerError::Changed`] if it is no longer at `version`, [`SteerError::NothingNew`] if all of it is public
/// already, [`SteerError::Forgotten`].
pub async fn publish_facts(
    app: &App,
    by: StaffId,
    id: IncidentId,
    version: i32,
) -> Result<(), SteerError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let found = lock(&mut tx, id).await?;
    at_version(&mut tx, &found, version).await?;
    let differ = changes(found.public_facts(), &found.facts);
    let new_title = found.public_title() != found.title;
    let present = of_facts(&found.facts, store::claims::latest(&mut tx, id).await?);
    let claims = publish_claims(found.published.as_ref(), &present, now);
    let as_before = |public: &Published| !marks_differ(&public.claims, &claims);
    if differ.is_empty() && !new_title && found.published.as_ref().is_some_and(as_before) {
        return Err(SteerError::NothingNew);
    }
    let sheet = (found.title.as_str(), &found.facts, &claims);
    let published = store::set_published(&mut tx, id, version, sheet, (by, now)).await?;
    published.expected("incident", id)?;
    let keys = |of: fn(bool, bool) -> bool| -> Vec<&str> {
        differ
            .iter()
            .filter(|one| of(one.before.is_some(), one.after.is_some()))
            .map(|one| one.key.as_str())
            .collect()
    };
    let detail = json!({
        "added": keys(|before, _| !before),
        "changed": keys(|before, after| before && after),
        "removed": keys(|_, after| !after),
        "title": new_title,
    });
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::IncidentPublishFacts,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Checks the words of a public update.
///
/// # Errors
/// [`BadText::Update`].
pub fn check_update(body: &str) -> Result<(), BadText> {
    let fine = !shows_nothing(body) && body.chars().count() <= 5_000 && !body.contains('\0');
    fine.then_some(()).ok_or(BadText::Update)
}

/// Publishes a dated update, and nothing else; `at` lets a rehearsal tell a timeline of the past.
///
/// # Errors
/// [`SteerError::Text`], [`SteerError::Forgotten`].
pub async fn publish(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    kind: UpdateKind,
    body: &str,
    at: Option<DateTime<Utc>>,
) -> Result<UpdateId, SteerError> {
    check_update(body)?;
    let now = app.now();
    let update = Update {
        id: UpdateId::new(now),
        kind,
        body: body.to_owned(),
        published_at: at.unwrap_or(now),
        published_by: by,
    };
    let mut tx = app.db.begin().await?;
    lock(&mut tx, incident).await?;
    store::insert_update(&mut tx, incident, &update).await?;
    let detail = json!({ "update": update.id, "kind": kind });
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::IncidentUpdate,
        incident,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(update.id)
}
