//! What the comms team does with an incident: open it, move it on, keep its facts, publish updates.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    BadText, Facts, Incident, IncidentState, Update, UpdateKind, check_facts, check_slug,
    check_title, store,
};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db;
use crate::id::{IncidentId, StaffId, UpdateId};

/// Why an incident was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SteerError {
    /// There is no such incident.
    #[error("there is no such incident")]
    Missing,
    /// The slug is in use.
    #[error("an incident with this slug exists already")]
    SlugTaken,
    /// A text was refused.
    #[error(transparent)]
    Text(#[from] BadText),
    /// The published table has no such move.
    #[error("an incident cannot go from {from} to {to}")]
    IllegalMove {
        /// Where it stands.
        from: IncidentState,
        /// Where it was to go.
        to: IncidentState,
    },
    /// Somebody changed it meanwhile.
    #[error("somebody changed this incident meanwhile: look again, then repeat your change")]
    Changed,
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for SteerError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("incident_slug_is_taken") => Self::SlugTaken,
            other => Self::Db(other),
        }
    }
}

/// Opens an incident with a key of its own.
///
/// # Errors
/// [`SteerError::Text`], [`SteerError::SlugTaken`].
pub async fn open(
    app: &App,
    by: StaffId,
    slug: &str,
    title: &str,
    facts: &Facts,
) -> Result<Incident, SteerError> {
    check_slug(slug)?;
    check_title(title)?;
    check_facts(facts)?;
    let now = app.now();
    let id = IncidentId::new(now);
    let (_, wrapped_key) = app.keys.new_incident_key(id);
    let mut tx = app.db.begin().await?;
    let new = store::NewIncident {
        id,
        slug,
        title,
        facts,
        wrapped_key: &wrapped_key,
        created_by: by,
        created_at: now,
    };
    store::insert(&mut tx, &new).await?;
    let incident = store::find(&mut tx, id).await?;
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        "incident.open",
        id,
        &json!({ "slug": slug }),
    )
    .await?;
    tx.commit().await?;
    Ok(incident)
}

/// Moves an incident to its next state.
///
/// # Errors
/// [`SteerError::IllegalMove`], or [`SteerError::Changed`] if it is no longer at `version`.
pub async fn move_to(
    app: &App,
    by: StaffId,
    id: IncidentId,
    version: i32,
    to: IncidentState,
) -> Result<(), SteerError> {
    let mut tx = app.db.begin().await?;
    let from = store::lock(&mut tx, id).await?;
    if !from.state.after().contains(&to) {
        return Err(SteerError::IllegalMove {
            from: from.state,
            to,
        });
    }
    if !store::set_state(&mut tx, id, version, to).await? {
        return Err(SteerError::Changed);
    }
    let detail = json!({ "from": from.state, "to": to });
    audit::store::append(
        &mut tx,
        app.now(),
        Actor::Staff(by),
        "incident.move",
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Replaces the title and the fact sheet.
///
/// # Errors
/// [`SteerError::Text`], or [`SteerError::Changed`] if it is no longer at `version`.
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
    if !store::set_facts(&mut tx, id, version, title, facts).await? {
        return Err(SteerError::Changed);
    }
    let detail = json!({ "facts": facts.keys().collect::<Vec<_>>() });
    audit::store::append(
        &mut tx,
        app.now(),
        Actor::Staff(by),
        "incident.facts",
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Publishes a dated update; `at` lets a rehearsal tell a timeline of the past.
///
/// # Errors
/// [`SteerError::Text`].
pub async fn publish(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    kind: UpdateKind,
    body: &str,
    at: Option<DateTime<Utc>>,
) -> Result<UpdateId, SteerError> {
    if body.trim().is_empty() || body.chars().count() > 5_000 || body.contains('\0') {
        return Err(BadText::Update.into());
    }
    let now = app.now();
    let update = Update {
        id: UpdateId::new(now),
        kind,
        body: body.to_owned(),
        published_at: at.unwrap_or(now),
        published_by: by,
    };
    let mut tx = app.db.begin().await?;
    store::find(&mut tx, incident).await?;
    store::insert_update(&mut tx, incident, &update).await?;
    let detail = json!({ "update": update.id, "kind": kind });
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        "incident.update",
        incident,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(update.id)
}
