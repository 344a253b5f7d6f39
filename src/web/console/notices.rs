//! A campaign's notices, one by one, by state.

use askama::Template;

use super::campaign::Counts;
use crate::web::figures::filters;
use crate::web::page::{Desk, Moment};

/// `/console/campaigns/{id}/notices`
#[derive(Template)]
#[template(path = "console/notices.html")]
pub struct Notices {
    /// The frame.
    pub desk: Desk,
    /// The campaign's id.
    pub id: String,
    /// The campaign's name.
    pub name: String,
    /// The state shown; empty for all.
    pub status: String,
    /// Notices by state.
    pub counts: Counts,
    /// One page of them.
    pub notices: Vec<NoticeRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// One notice.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// The person's reference at the organisation.
    pub reference: String,
    /// Where it goes, masked; empty for whoever needs a letter.
    pub address: String,
    /// The language.
    pub locale: String,
    /// Its state.
    pub status: String,
    /// SMTP transactions so far.
    pub attempts: i64,
    /// The last reply, or why it is withheld.
    pub reply: String,
    /// When it last changed.
    pub at: Moment,
}
