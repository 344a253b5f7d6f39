//! Incidents in the console: the list, the page of one, its states, its fact sheet, its public updates, its account.

pub(crate) mod account;
pub mod claim;
pub mod claims;
pub mod facts;
pub(crate) mod forget;
pub mod forget_form;
pub mod list;
pub mod page;
pub(crate) mod state;
pub(crate) mod state_buttons;
pub(crate) mod unsaved;
pub(crate) mod updates;

use crate::db::Conn;
use crate::incident::{Incident, store};
use crate::web::problem::Problem;

/// Finds the incident with the slug of an address.
///
/// # Errors
/// 404.
pub async fn incident_at(conn: &mut Conn, slug: &str) -> Result<Incident, Problem> {
    Ok(store::find_by_slug(conn, slug).await?)
}
