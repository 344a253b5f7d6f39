//! Watches whether the database in use is the latest: at the start, and once a second while notices are sent.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use uuid::Uuid;

use super::store::{self, Seen};
use super::{Doubt, Why};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::{self, Action};
use crate::config::StateDir;
use crate::db::notify::SEND_PERMISSION;
use crate::db::{self, notify};
use crate::trouble::Troubles;

const WATCH: Actor = Actor::System(System::Deployment);

/// What this process has seen of the database, and where the node keeps it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    dir: Option<StateDir>,
    /// The database and its latest epoch.
    seen: Arc<Mutex<Option<(Uuid, i64)>>>,
    troubles: Troubles,
}

impl Witness {
    /// With the state file of the settings.
    pub fn new(app: &App) -> Self {
        Self {
            dir: app.config.database.state_dir(),
            seen: Arc::default(),
            troubles: app.db.troubles().clone(),
        }
    }

    fn last(&self) -> Option<(Uuid, i64)> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest epoch of this database that this node saw; 0 if it saw none.
    pub fn latest(&self, id: Uuid) -> i64 {
        let here = self.last().filter(|(of, _)| *of == id);
        let kept = self.dir.as_ref().and_then(|dir| {
            let kept = dir.read(id).inspect_err(|error| {
                if self.troubles.failed("state file").is_some() {
                    tracing::warn!(%error, dir = dir.shown(), "the state file cannot be read");
                }
            });
            kept.ok().flatten()
        });
        here.map_or(0, |(_, epoch)| epoch).max(kept.unwrap_or(0))
    }

    fn keep(&self, id: Uuid, epoch: i64) {
        let before = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace((id, epoch));
        let Some(dir) = &self.dir else { return };
        if let Err(error) = dir.keep(id, epoch)
            // Once is enough.
            && before.is_none()
        {
            let dir = dir.shown();
            tracing::warn!(%error, dir, "the state file cannot be written: database.state_dir");
        }
    }

    /// Looks at the database; why it may be an older copy, if it may. A new doubt is recorded, and every sender is
    /// notified.
    ///
    /// # Errors
    /// The database's: then nothing is known.
    pub async fn look(&self, app: &App) -> db::Result<Option<Doubt>> {
        let mut conn = app.db.get().await?;
        let known = match self.last() {
            Some((id, _)) => id,
            None => store::look(&mut conn).await?.id,
        };
        // Before the database is read: another process of this node may keep a later epoch at any moment.
        let latest = self.latest(known);
        let seen = store::look(&mut conn).await?;
        if let Some(doubt) = seen.doubt() {
            return Ok(Some(doubt));
        }
        let why = suspicion(&seen, latest);
        if why.is_empty() {
            if let Some(epoch) = store::grow(&mut conn).await? {
                self.keep(seen.id, epoch);
            }
            return Ok(None);
        }
        drop(conn);
        if why == [Why::Timeline] && app.config.database.trust_promotion {
            promoted(app, latest).await?;
            return Ok(None);
        }
        Ok(Some(suspect(app, WATCH, &why).await?))
    }
}

fn suspicion(seen: &Seen, latest: i64) -> Vec<Why> {
    let mut why = seen.evidence();
    if latest > seen.epoch {
        why.push(Why::Epoch);
    }
    why
}

/// Puts a doubt on record and tells every sender: nothing leaves any more.
///
/// # Errors
/// The database's.
pub async fn suspect(app: &App, by: Actor, why: &[Why]) -> db::Result<Doubt> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let is_new = store::set_doubt(&mut tx, why, now).await?;
    let seen = store::look(&mut tx).await?;
    let doubt = seen.doubt().ok_or_else(|| strange(&seen))?;
    if is_new {
        notify::send(&mut tx, SEND_PERMISSION).await?;
        let words: Vec<_> = doubt.why.iter().map(|why| why.as_str()).collect();
        let detail = json!({ "why": words, "epoch": seen.epoch, "last_in_use": doubt.copied_at });
        audit::store::append(
            &mut tx,
            now,
            by,
            Action::DatabaseDoubt,
            "everything",
            &detail,
        )
        .await?;
    }
    tx.commit().await?;
    if is_new {
        tracing::error!("{doubt}");
    }
    Ok(doubt)
}

fn strange(seen: &Seen) -> db::Error {
    db::Error::inconsistent("deployment", seen.id)
}

/// A standby took over that has everything.
async fn promoted(app: &App, latest: i64) -> db::Result<()> {
    let mut tx = app.db.begin().await?;
    store::lock(&mut tx).await?;
    if store::look(&mut tx).await?.evidence() != [Why::Timeline] {
        return Ok(());
    }
    store::settle(&mut tx, latest, false).await?;
    let detail = json!({});
    audit::store::append(
        &mut tx,
        app.now(),
        WATCH,
        Action::DatabasePromoted,
        "everything",
        &detail,
    )
    .await?;
    tx.commit().await?;
    tracing::warn!(
        "another Postgres server took over; database.trust_promotion says that it has everything"
    );
    Ok(())
}
