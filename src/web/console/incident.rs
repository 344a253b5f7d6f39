//! One incident: its state, its people, its facts, what was said, its scopes and campaigns.

use askama::Template;

use super::{Account, Choice, Deed, Done};
use crate::web::figures::filters;
use crate::web::page::{Desk, Faults, Moment};
use crate::web::public::{Fact, Update};

/// `/console/incidents/{slug}`
#[derive(Template)]
#[template(path = "console/incident.html")]
pub struct IncidentPage {
    /// The frame.
    pub desk: Desk,
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// The states it may move to; `name` is the state.
    pub next: Vec<Deed>,
    /// Its figures; none before the first scope is active.
    pub account: Option<Account>,
    /// The fact sheet. Two empty pairs are added below for new facts.
    pub facts: Vec<Fact>,
    /// Why the fact sheet was refused; field `facts`.
    pub facts_faults: Faults,
    /// What was published, the latest first.
    pub updates: Vec<Update>,
    /// The form for the next statement; none for whoever may not publish.
    pub publish: Option<Publish>,
    /// All scope versions, the latest first.
    pub scopes: Vec<ScopeRow>,
    /// All campaigns, the latest first.
    pub campaigns: Vec<CampaignRow>,
    /// The latest deeds.
    pub log: Vec<Done>,
    /// Whether this person may change the incident.
    pub may_edit: bool,
}

/// The form for a statement, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct Publish {
    pub kind: String,
    pub text: String,
    pub next_on: String,
    pub faults: Faults,
}

impl Publish {
    /// The kinds of statement.
    pub fn kinds(&self) -> Vec<Choice> {
        let kinds = [("known", "Known"), ("checking", "Being checked"), ("corrected", "Corrected")];
        kinds.map(|(value, words)| Choice { value: value.into(), words: words.into() }).into()
    }
}

/// One import of the affected list.
#[derive(Debug, Clone)]
pub struct ScopeRow {
    /// 1, 2 …
    pub version: i64,
    /// `draft`, `active`, `superseded` or `discarded`.
    pub status: String,
    /// Rows taken.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// When it was imported.
    pub at: Moment,
}

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
    /// Its state.
    pub status: String,
    /// Notices sent.
    pub sent: i64,
    /// Notices in all, or people in the audience before it is launched.
    pub total: i64,
}

impl IncidentPage {
    /// The facts and two empty pairs for new ones, so that the form needs no script.
    fn fact_rows(&self) -> Vec<Fact> {
        let empty = || Fact { key: String::new(), value: String::new() };
        self.facts.iter().cloned().chain([empty(), empty()]).collect()
    }

    /// Where a form of this page posts to.
    fn to(&self, what: &str) -> String {
        format!("/console/incidents/{}/{what}", self.slug)
    }
}
