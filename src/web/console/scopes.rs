//! Importing the affected list, and the report of what came of it.

use askama::Template;

use super::Deed;
use crate::web::figures::filters;
use crate::web::page::{Desk, Faults, Moment};

/// `/console/incidents/{slug}/import`
#[derive(Template)]
#[template(path = "console/import.html")]
pub struct Import {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// Which version this import becomes.
    pub version: i64,
    /// `full` or `delta`, as chosen.
    pub mode: String,
    /// Why the file was refused whole; field `file`.
    pub faults: Faults,
}

/// `/console/incidents/{slug}/scopes/{version}`
#[derive(Template)]
#[template(path = "console/scope.html")]
pub struct ScopeReport {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// 1, 2 …
    pub version: i64,
    /// `draft`, `active`, `superseded` or `discarded`.
    pub status: String,
    /// `full` or `delta`.
    pub mode: String,
    /// Who imported it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Rows taken.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// What activating it changes.
    pub delta: Delta,
    /// The first rows refused; the rest is in the download.
    pub rejects: Vec<Reject>,
    /// What may be done with it: `activate`, `discard`. Empty once decided.
    pub deeds: Vec<Deed>,
}

/// The difference to the active version.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the words of the contract")]
pub struct Delta {
    pub people_added: i64,
    pub elements_added: i64,
    pub elements_retracted: i64,
    pub people_retracted: i64,
}

/// A row that was refused.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Its line in the file, the header being 1.
    pub line: i64,
    /// The column at fault; empty when it is the row as a whole.
    pub column: String,
    /// Why, and what would be right.
    pub reason: String,
}

impl ScopeReport {
    /// Where a deed of this page posts to.
    fn to(&self, deed: &str) -> String {
        format!("/console/incidents/{}/scopes/{}/{deed}", self.slug, self.version)
    }

    /// How many rejects are on the page.
    fn shown(&self) -> i64 {
        i64::try_from(self.rejects.len()).unwrap_or(i64::MAX)
    }
}
