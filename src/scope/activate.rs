//! Putting a drafted version in force, or throwing it away.

use std::collections::BTreeMap;

use serde_json::json;

use super::store::{self, Span};
use super::{ScopeMode, ScopeStatus, Version};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db::{self, Conn};
use crate::id::{BUCKETS, IncidentId, StaffId};
use crate::incident;
use crate::person::PersonStanding;
use crate::person::store::{Moved, move_account};

/// Rows that one statement may touch; beyond it goes bucket by bucket, which keeps its sorts in memory.
const AT_ONCE: i64 = 10_000;

/// Why a version was not put in force or thrown away.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// There is no such incident or version.
    #[error("there is no such version of this incident's scope")]
    Missing,
    /// The incident's key was destroyed.
    #[error("this incident was forgotten: nobody can be added to it")]
    Forgotten,
    /// Another import or activation is at work.
    #[error("another import or activation of this incident is running: wait until it is done")]
    Busy,
    /// It is no draft.
    #[error("version {version} is {status}: only a draft can be activated or discarded")]
    NotADraft {
        /// Which.
        version: i32,
        /// What it is.
        status: ScopeStatus,
    },
    /// No row of it was accepted; a full list would retract everybody.
    #[error("every row of version {0} was refused: correct the file and import it again")]
    Empty(i32),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for ActivateError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}

/// Puts a draft in force, in one transaction: its people come in, change or leave, the account moves by
/// exactly as many, and the version before it is superseded.
///
/// # Errors
/// [`ActivateError`]; nothing has changed then.
pub async fn activate(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
) -> Result<Version, ActivateError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let draft = draft(&mut tx, incident, version).await?;
    if draft.accepted == 0 {
        return Err(ActivateError::Empty(version));
    }
    let moved = apply(&mut tx, incident, &draft).await?;
    check(&draft, &moved)?;
    store::set_active(&mut tx, incident, version, by, now).await?;
    incident::store::set_active_scope(&mut tx, incident, version).await?;
    let active = store::find(&mut tx, incident, version).await?;
    move_account(&mut tx, incident, &moved).await?;
    let detail = json!({ "version": version, "delta": draft.delta });
    let actor = Actor::Staff(by);
    audit::store::append(&mut tx, now, actor, "scope.activate", incident, &detail).await?;
    tx.commit().await?;
    // What is left if this fails, the next import or activation of the incident sweeps.
    if let Ok(client) = app.db.raw().await {
        let _ = store::sweep(&client, incident).await;
    }
    Ok(active)
}

/// Throws a draft away, with its staged rows and its rejects.
///
/// # Errors
/// [`ActivateError`]; nothing has changed then.
pub async fn discard(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
) -> Result<(), ActivateError> {
    let mut tx = app.db.begin().await?;
    draft(&mut tx, incident, version).await?;
    store::discard(&mut tx, incident, ScopeStatus::Draft, None).await?;
    let detail = json!({ "version": version });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(&mut tx, now, actor, "scope.discard", incident, &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// The draft, with nobody else at work on this scope until the transaction ends.
async fn draft(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Version, ActivateError> {
    if !store::try_lock(conn, incident).await? {
        return Err(ActivateError::Busy);
    }
    let found = store::find(conn, incident, version).await?;
    if incident::store::find(conn, incident)
        .await?
        .forgotten_at
        .is_some()
    {
        return Err(ActivateError::Forgotten);
    }
    match found.status {
        ScopeStatus::Draft => Ok(found),
        status => Err(ActivateError::NotADraft { version, status }),
    }
}

/// Applies the staged rows; by how many people that moves the account.
async fn apply(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
) -> Result<Vec<Moved>, ActivateError> {
    let first = incident::store::find(conn, incident)
        .await?
        .active_scope
        .is_none();
    let delta = draft.delta.clone().unwrap_or_default();
    let rows = draft.accepted + delta.people_retracted;
    let step = if rows > AT_ONCE { 1 } else { BUCKETS };
    if step < BUCKETS {
        store::by_bucket(conn).await?;
    }
    let mut account = BTreeMap::new();
    let mut from = 0;
    while from < BUCKETS {
        let span = Span {
            incident,
            version: draft.version,
            from,
            to: from + step,
        };
        let mut moved = Vec::new();
        if first {
            moved.extend(store::apply_first(conn, span).await?);
        } else {
            moved.extend(store::apply_changes(conn, span).await?);
            if draft.mode == ScopeMode::Full {
                moved.extend(store::apply_retracted(conn, span).await?);
            }
            moved.extend(store::apply_new(conn, span).await?);
        }
        for m in moved {
            *account.entry((m.standing, m.incomplete)).or_default() += m.n;
        }
        from += step;
    }
    let moved = |((standing, incomplete), n)| Moved {
        standing,
        incomplete,
        n,
    };
    Ok(account.into_iter().map(moved).collect())
}

/// Whether as many people came and went as the draft said. The account's figure of people rests on it.
fn check(draft: &Version, moved: &[Moved]) -> Result<(), ActivateError> {
    let delta = draft.delta.as_ref();
    let promised = delta.map_or(0, |delta| delta.people_added - delta.people_retracted);
    let in_scope = moved
        .iter()
        .filter(|m| m.standing != PersonStanding::Retracted);
    if in_scope.map(|m| m.n).sum::<i64>() == promised {
        Ok(())
    } else {
        let broken = db::Error::inconsistent("scope_version", draft.version);
        Err(ActivateError::Db(broken))
    }
}
