//! Weighs tickets again that were opened while a list came in force.

use chrono::TimeDelta;

use super::store;
use crate::app::App;
use crate::db::Result;

/// Longer than any request takes to open a ticket.
const LATELY: TimeDelta = TimeDelta::minutes(10);

/// Weighs the tickets that were opened lately by what the list says now, where one came in force lately; how many weigh
/// something else. Doing it twice, or on two nodes, does no harm.
///
/// # Errors
/// The database's.
pub async fn lately(app: &App) -> Result<usize> {
    let mut tx = app.db.begin().await?;
    let changed = store::weigh_recent(&mut tx, app.now() - LATELY).await?;
    tx.commit().await?;
    Ok(changed)
}
