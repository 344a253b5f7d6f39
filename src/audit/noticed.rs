//! Writes what was read and refused to the audit log.

use serde_json::json;

use super::{Action, Event, store};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::db::Result;
use crate::noticed::{Count, Key};

/// Writes all that this process counted since the last time; what cannot be written now waits for the next time.
///
/// # Errors
/// The database's.
pub async fn write(app: &App) -> Result<()> {
    let (counts, left_out) = app.noticed.take();
    if counts.is_empty() && left_out == 0 {
        return Ok(());
    }
    let written = try_to(app, &counts, left_out).await;
    if written.is_err() {
        app.noticed.give_back(counts, left_out);
    }
    written
}

async fn try_to(app: &App, counts: &[(Key, Count)], left_out: u64) -> Result<()> {
    let mut tx = app.db.begin_unhurried().await?;
    store::chain::be_quick(&mut tx).await?;
    for (key, count) in counts {
        let mut detail = json!({ "times": count.times });
        if count.rows > 0 {
            detail["rows"] = count.rows.into();
        }
        let event = Event::new(count.since, key.actor, key.action, &key.subject, &detail);
        store::write(&mut tx, &event).await?;
    }
    if left_out > 0 {
        let (now, actor) = (app.now(), Actor::System(System::Audit));
        let detail = json!({ "times": left_out });
        store::append(&mut tx, now, actor, Action::AuditLeftOut, "audit", &detail).await?;
    }
    tx.commit().await
}
