//! Changing one claim of an incident, and the versions of claims that each change of the fact sheet adds.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{SteerError, at_version, lock};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::id::{IncidentId, StaffId};
use crate::incident::claims::{
    Claims, Texts, Version, changed, differing, is_newer, of_facts, to_facts,
};
use crate::incident::{BadText, Facts, Incident, UpdateKind, check_facts, store};
use crate::invisible::shows_nothing;

/// A claim as a member of staff writes it.
#[derive(Debug, Clone)]
pub struct NewClaim {
    /// Its key.
    pub key: String,
    /// How sure it is.
    pub state: UpdateKind,
    /// All its texts by locale. Empty texts do not count; a claim without texts is removed.
    pub texts: Texts,
}

/// Writes a claim. `seen`: the version of the incident that its author saw; a change of another claim since then does not
/// matter. Nothing of it is public before the fact sheet is published. Returns whether anything changed.
///
/// # Errors
/// [`SteerError::Text`], [`SteerError::Forgotten`], or [`SteerError::Changed`] if this claim was changed since.
pub async fn edit_claim(
    app: &App,
    by: StaffId,
    id: IncidentId,
    seen: i32,
    new: &NewClaim,
) -> Result<bool, SteerError> {
    check_facts(&Facts::from([(new.key.clone(), String::new())]))?;
    let mut tx = app.db.begin().await?;
    let found = lock(&mut tx, id).await?;
    let known = of_facts(&found.facts, store::claims::latest(&mut tx, id).await?);
    if seen > found.version || is_newer(&known, &new.key, seen) {
        at_version(&mut tx, &found, seen).await?;
    }
    let mut present = known.clone();
    let was = insert(&mut present, new, known.get(&new.key))?;
    let facts = to_facts(&present)?;
    if changed(&known, &present).is_empty() {
        return Ok(false);
    }
    let set = store::set_facts(&mut tx, id, found.version, &found.title, &facts).await?;
    set.expected("incident", id)?;
    let now = app.now();
    record(
        &mut tx,
        (id, found.version + 1),
        (&known, &present),
        (by, now),
    )
    .await?;
    let mut detail = json!({
        "facts": facts.keys().collect::<Vec<_>>(),
        "changed": differing(&found.facts, &facts),
        "title": false,
        "claim": new.key,
    });
    if was != Some(new.state) {
        detail["state"] = json!(new.state);
    }
    let (actor, action) = (Actor::Staff(by), Action::IncidentFacts);
    audit::store::append(&mut tx, now, actor, action, id, &detail).await?;
    tx.commit().await?;
    Ok(true)
}

/// Puts the claim among the others. Returns the state that it had.
fn insert(
    present: &mut Claims,
    new: &NewClaim,
    was: Option<&Version>,
) -> Result<Option<UpdateKind>, BadText> {
    let mut texts = new.texts.clone();
    texts.retain(|_, text| !shows_nothing(text));
    let was = was.filter(|was| !was.texts.is_empty());
    if was.is_none() && new.state == UpdateKind::Corrected {
        return Err(BadText::NothingToCorrect);
    }
    if was.is_none() && texts.is_empty() {
        // There was no such claim, and there will be none.
        return Ok(Some(new.state));
    }
    let claim = Version {
        key: new.key.clone(),
        number: 0,
        state: new.state,
        texts,
        by: None,
        at: None,
    };
    present.insert(new.key.clone(), claim);
    Ok(was.map(|was| was.state))
}

/// Adds a version of each claim that differs, written with this version of the incident.
pub(super) async fn record(
    conn: &mut Conn,
    (id, number): (IncidentId, i32),
    (before, after): (&Claims, &Claims),
    (by, at): (StaffId, DateTime<Utc>),
) -> db::Result<()> {
    let version = |one: Version| Version {
        number,
        by: Some(by),
        at: Some(at),
        ..one
    };
    let versions: Vec<_> = changed(before, after).into_iter().map(version).collect();
    match versions.is_empty() {
        true => Ok(()),
        false => store::claims::insert(conn, id, &versions).await,
    }
}

/// Adds the first versions of the claims of a new incident.
pub(super) async fn record_first(
    conn: &mut Conn,
    id: IncidentId,
    facts: &Facts,
    by: (StaffId, DateTime<Utc>),
) -> db::Result<()> {
    let claims = of_facts(facts, Vec::new());
    record(conn, (id, 1), (&Claims::new(), &claims), by).await
}

/// The claims of an incident as they are now.
///
/// # Errors
/// The database's.
pub async fn claims_of(conn: &mut Conn, of: &Incident) -> db::Result<Claims> {
    Ok(of_facts(
        &of.facts,
        store::claims::latest(conn, of.id).await?,
    ))
}
