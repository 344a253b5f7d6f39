//! Campaigns as lists show them, and what tells them apart: campaigns have the names of their templates.

use std::collections::HashMap;

use super::content::to_whom;
use crate::campaign::change::{Change, in_words};
use crate::campaign::{self, Campaign};
use crate::db::Conn;
use crate::id::{CampaignId, IncidentId};
use crate::notice::NoticeStatus;
use crate::web::console::around::template_names;
use crate::web::problem::Problem;

/// One campaign in a list.
#[derive(Debug, Clone)]
pub struct CampaignRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its incident's title.
    pub incident: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its number, kind and day, and to whom it goes: several have one name.
    pub about: String,
    /// Its state.
    pub status: String,
    /// What changed since it was submitted, in words: its approval is void. Empty while nothing did.
    pub void: String,
    /// Notices sent, of those that can be sent; `None` before it is launched.
    pub sent: Option<(i64, i64)>,
}

impl CampaignRow {
    /// Its state as lists show it: an approval that is void is none.
    pub fn state(&self) -> &str {
        match self.void.is_empty() {
            true => &self.status,
            false => "approval_void",
        }
    }
}

/// Campaigns of one incident as lists show them.
///
/// # Errors
/// The database's.
pub async fn rows(
    conn: &mut Conn,
    campaigns: Vec<Campaign>,
    (of, incident): (IncidentId, &str),
    void: &HashMap<CampaignId, Vec<Change>>,
) -> Result<Vec<CampaignRow>, Problem> {
    let names = template_names(conn).await?;
    let numbers = campaign::store::numbers(conn, &[of]).await?;
    let mut rows = Vec::new();
    for one in campaigns {
        let sent = match one.launched_at {
            Some(_) => {
                let progress = campaign::store::progress(conn, one.id).await?;
                Some((progress.of(NoticeStatus::Sent), progress.sendable()))
            }
            None => None,
        };
        rows.push(CampaignRow {
            id: one.id.to_string(),
            name: names.get(&one.template).cloned().unwrap_or_default(),
            incident: incident.to_owned(),
            kind: one.kind.to_string(),
            about: about(numbers.get(&one.id).copied().unwrap_or_default(), &one),
            status: one.status.to_string(),
            void: void
                .get(&one.id)
                .map_or_else(String::new, |changed| in_words(changed)),
            sent,
        });
    }
    Ok(rows)
}

/// What tells a campaign from others of its name: its number within its incident, its kind, and its day and hour.
pub(crate) fn which(number: i64, of: &Campaign) -> String {
    let (what, at) = match of.launched_at {
        Some(at) => ("launched", at),
        None => ("drafted", of.created_at),
    };
    format!(
        "no. {number}, {}, {what} {} UTC",
        of.kind,
        at.format("%-d %b %Y, %H:%M")
    )
}

/// The same, and to whom it goes.
pub(crate) fn about(number: i64, of: &Campaign) -> String {
    format!(
        "{}, to {}",
        which(number, of),
        to_whom(&of.audience, of.kind)
    )
}
