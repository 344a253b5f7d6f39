//! What needs you first, then the account of each incident.

use askama::Template;

use super::Account;
use crate::web::figures::filters;
use crate::web::page::{Desk, Tone};

/// `/console`
#[derive(Template)]
#[template(path = "console/dashboard.html")]
pub struct Dashboard {
    /// The frame.
    pub desk: Desk,
    /// What waits for this person, the most urgent first.
    pub needs: Vec<Need>,
    /// Incidents that are not closed, the latest first.
    pub incidents: Vec<Accounted>,
    /// Campaigns that are sending or paused.
    pub running: Vec<Running>,
}

/// One thing that waits.
#[derive(Debug, Clone)]
pub struct Need {
    /// How urgent.
    pub tone: Tone,
    /// What, a sentence.
    pub text: String,
    /// Where to do it.
    pub href: String,
    /// What the link says: `Review it`.
    pub deed: String,
}

/// An incident with its account.
#[derive(Debug, Clone)]
pub struct Accounted {
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Its figures; none before the first scope is active.
    pub account: Option<Account>,
}

/// A campaign on its way.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its state.
    pub status: String,
    /// Notices sent.
    pub sent: i64,
    /// Notices in all.
    pub total: i64,
    /// Rate and time left, in words; empty while nothing moves.
    pub pace: String,
}
