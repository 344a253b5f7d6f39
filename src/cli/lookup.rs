//! Looks up an incident by its slug, and counts people in words.

use anyhow::{Context, Result};

use crate::app::App;
use crate::id::IncidentId;
use crate::incident;
use crate::web::figures::count;

/// `1 person`, `4,012 people`.
pub(super) fn people(n: i64) -> String {
    match n {
        1 => "1 person".to_owned(),
        n => format!("{} people", count(n)),
    }
}

/// The same with its verb.
pub(super) fn is_or_are(n: i64) -> String {
    format!("{} {}", people(n), if n == 1 { "is" } else { "are" })
}

/// The incident with this slug.
pub(super) async fn incident_named(app: &App, slug: &str) -> Result<IncidentId> {
    let found = incident::store::find_by_slug(&mut *app.db.get().await?, slug).await;
    Ok(found.with_context(|| format!("incident {slug}"))?.id)
}
