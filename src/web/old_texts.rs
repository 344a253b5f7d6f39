//! Where an old text of a claim still stands, for pages and the API.

use crate::campaign::old_texts::{OldText, Told, old_texts};
use crate::db::{Conn, Result};
use crate::incident::{Incident, store};
use crate::web::person_lookup::CAMPAIGNS;
use crate::{campaign, template};

/// How many versions of claims are compared with templates and campaigns.
const VERSIONS: i64 = 200;
/// How many templates.
const TEMPLATES: i64 = 200;

/// Where an old text of a claim of the incident still stands, among its latest campaigns and all templates.
///
/// # Errors
/// Database errors.
pub(crate) async fn still_said(conn: &mut Conn, of: &Incident) -> Result<Vec<OldText>> {
    let history = store::claims::history(conn, of.id, None, VERSIONS).await?;
    let templates = template::store::latest_texts(conn, TEMPLATES).await?;
    let campaigns = campaign::store::overviews(conn, Some(of.id), None, CAMPAIGNS).await?;
    let told = Told::new(&of.facts, &history);
    Ok(old_texts(&told, &templates, &campaigns))
}
