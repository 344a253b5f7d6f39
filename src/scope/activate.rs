//! Putting a drafted version in force.

mod apply;
mod asked;
mod discard;
mod error;
mod under_way;

use self::apply::{at_once, begin, by_bucket, whole};
use self::asked::{has_no_count, keep_told, lock_agreed, percent, rows, told_now};
pub use self::asked::{questions, told_retracted};
use self::discard::is_as_seen;
pub use self::discard::{discard, discard_seen};
pub use self::error::ActivateError;
pub(in crate::scope) use self::error::over;
use super::consent::{self, Consent};
use super::difference::{self, AT_ONCE};
use super::store;
use super::{ScopeStatus, Version};
use crate::app::App;
use crate::db::Conn;
use crate::db::retry::retried;
use crate::deployment;
use crate::id::{IncidentId, StaffId};
use crate::incident;
use crate::staff::replay::store::mark_done;

/// Puts a draft in force: its people come in, change or leave, the account moves by exactly as many, and
/// the version before it is superseded.
///
/// A large list goes bucket by bucket, each in a transaction of its own, so that no other transaction waits long for a
/// person; the account is exact after each. An activation that a crash or a disconnected caller interrupted resumes
/// where it stopped.
///
/// `consent` answers what is asked about a draft: [`questions`] tells what.
///
/// # Errors
/// [`ActivateError`]; then nothing has changed, or [`resume`] and this call go on where it stands.
pub async fn activate(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
    consent: Consent,
) -> Result<Version, ActivateError> {
    // It may take long.
    let app = &app.patient().apart();
    let client = app.db.raw().await?;
    if !store::try_lock_session(&client, incident).await? {
        return Err(ActivateError::Busy);
    }
    let done = under_lock(app, by, incident, version, &consent).await;
    if done.is_ok() {
        // What is left if this fails, the next import or activation of the incident sweeps.
        let _ = store::sweep(&client, incident).await;
    }
    // The end of the connection would release it too, but only soon.
    let _ = store::unlock_session(&client, incident).await;
    done
}

async fn under_lock(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
    consent: &Consent,
) -> Result<Version, ActivateError> {
    let mut conn = app.db.get().await?;
    let found = find(&mut conn, incident, version).await?;
    let is_first = store::is_first(&mut conn, incident).await?;
    if found.status == ScopeStatus::Draft {
        is_as_seen(&found, consent.revision())?;
        if let Some(doubt) = deployment::store::doubt(&mut conn).await? {
            return Err(ActivateError::InDoubt(Box::new(doubt)));
        }
        if found.accepted == 0 {
            return Err(ActivateError::Empty(version));
        }
        if !is_first && has_no_count(&found) {
            return Err(ActivateError::Outdated(version));
        }
        let told = told_now(&mut conn, incident, &found).await?;
        keep_told(&mut conn, incident, &found, &told).await?;
        let questions = consent::unanswered(&found, &told, percent(app), consent);
        if !questions.is_empty() {
            return Err(ActivateError::Unconfirmed { version, questions });
        }
    }
    drop(conn);
    match found.status {
        ScopeStatus::Draft if is_first => {
            retried(|| whole(app, by, incident, &found, consent)).await
        }
        ScopeStatus::Draft if rows(&found) <= AT_ONCE => {
            retried(|| at_once(app, by, incident, &found, consent)).await
        }
        ScopeStatus::Draft => {
            let mut tx = app.db.begin().await?;
            let others = consent::is_another_person(consent);
            let found = answered(&mut tx, incident, &found, others).await?;
            lock_agreed(&mut tx, incident, &found, consent).await?;
            begin(&mut tx, app, by, (incident, &found), consent).await?;
            tx.commit().await?;
            by_bucket(app, incident, &found).await
        }
        ScopeStatus::Activating => {
            // It was begun before, and goes on whatever comes now.
            let mut tx = app.db.begin().await?;
            mark_done(&mut tx).await?;
            tx.commit().await?;
            by_bucket(app, incident, &found).await
        }
        status => Err(ActivateError::NotADraft { version, status }),
    }
}

/// The draft with the answer about references that seem to name another person: if they do, their rows are marked
/// and what the draft changes is computed again.
async fn answered(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
    others: bool,
) -> Result<Version, ActivateError> {
    let before = draft.delta.clone().unwrap_or_default();
    if !others || before.identity_changes == 0 {
        return Ok(draft.clone());
    }
    let version = draft.version;
    let marked = store::set_other(conn, incident, version).await?;
    if marked != before.identity_changes {
        return Err(ActivateError::Outdated(version));
    }
    let mut difference = difference::of_draft(conn, incident, draft, None, &before).await?;
    difference.delta.another_people = marked;
    let counts = (draft.accepted, draft.rejected);
    let what = (&difference.delta, &difference.brings);
    let place = (incident, version);
    store::set_draft(conn, place, ScopeStatus::Draft, None, counts, what).await?;
    Ok(store::find(conn, incident, version).await?)
}

/// Completes interrupted activations, of one incident or of all. Workers call it periodically.
///
/// # Errors
/// The first that ends one of them; [`ActivateError::Busy`] is none: another process is at work then.
pub async fn resume(app: &App, only: Option<IncidentId>) -> Result<(), ActivateError> {
    // It may take long.
    let app = &app.patient().apart();
    let mut half = store::list_activating(&mut *app.db.get().await?).await?;
    half.retain(|(incident, _)| only.is_none_or(|only| only == *incident));
    for (incident, version) in half {
        let mut conn = app.db.get().await?;
        let by = store::find(&mut conn, incident, version)
            .await?
            .activating_by;
        drop(conn);
        let Some(by) = by else { continue };
        match activate(app, by, incident, version, Consent::Given).await {
            // Another process completed it or is at work on it, or the incident was forgotten.
            Ok(_)
            | Err(
                ActivateError::Busy | ActivateError::Forgotten | ActivateError::NotADraft { .. },
            ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The version, of an incident that still is.
async fn find(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Version, ActivateError> {
    let found = store::find(conn, incident, version).await?;
    match incident::store::find(conn, incident).await?.forgotten_at {
        Some(_) => Err(ActivateError::Forgotten),
        None => Ok(found),
    }
}
