//! Ends the status links that a person was sent. Notices, letters and answers sent from now on carry a new one.

use serde_json::json;

use super::store;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db;
use crate::id::{PersonId, StaffId};

/// Ends every link that was sent to the person, and what was opened with one.
///
/// # Errors
/// `Missing`.
pub(crate) async fn links(app: &App, by: StaffId, person: PersonId) -> db::Result<()> {
    let mut tx = app.db.begin().await?;
    let epoch = store::revoke_links(&mut tx, person).await?;
    let detail = json!({ "epoch": epoch });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(
        &mut tx,
        now,
        actor,
        Action::PersonRevokeLinks,
        person,
        &detail,
    )
    .await?;
    tx.commit().await
}
