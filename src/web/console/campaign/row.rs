//! Campaigns as rows of lists. Several campaigns can have one name, the name of their template: number, kind and day tell
//! them apart.

use std::collections::HashMap;

use super::content::to_whom;
use crate::campaign::CampaignStatus;
use crate::campaign::change::{Change, in_words};
use crate::campaign::{self, Campaign};
use crate::db::Conn;
use crate::id::{CampaignId, IncidentId};
use crate::notice::NoticeStatus;
use crate::web::console::names::template_names;
use crate::web::page::ShownCampaign;
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
    /// Its number, kind, day and audience: several campaigns can have one name.
    pub about: String,
    /// Its state.
    pub status: CampaignStatus,
    /// What changed since the submission, in words: the approval is void. Empty while it is valid.
    pub void: String,
    /// Notices sent, of those that can be sent; `None` before it is launched.
    pub sent: Option<(i64, i64)>,
}

impl CampaignRow {
    /// The state that the list shows.
    pub fn state(&self) -> ShownCampaign {
        match self.void.is_empty() {
            true => ShownCampaign::Status(self.status),
            false => ShownCampaign::ApprovalVoid,
        }
    }
}

/// The rows of the campaigns of one incident.
///
/// # Errors
/// Database errors.
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
            status: one.status,
            void: void
                .get(&one.id)
                .map_or_else(String::new, |changed| in_words(changed)),
            sent,
        });
    }
    Ok(rows)
}

/// The number of the campaign within its incident, its kind, and when it was launched or drafted.
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

/// The same with the audience.
pub(crate) fn about(number: i64, of: &Campaign) -> String {
    format!(
        "{}, to {}",
        which(number, of),
        to_whom(&of.audience, of.kind)
    )
}
