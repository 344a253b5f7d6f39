//! One campaign, the page of the comms lead at three in the morning: how far, how fast, how it
//! goes, and the buttons that are legal now.

use askama::Template;
use serde_json::{Value, json};

use super::{Deed, Done};
use crate::web::figures::{Chart, count, filters};
use crate::web::page::{Desk, percent};

/// `/console/campaigns/{id}`
#[derive(Template)]
#[template(path = "console/campaign.html")]
pub struct CampaignPage {
    /// The frame.
    pub desk: Desk,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub incident: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its state.
    pub status: String,
    /// For `If-Match`; goes into every form.
    pub version: i64,
    /// People in the audience, or notices once launched.
    pub total: i64,
    /// Notices by state.
    pub counts: Counts,
    /// Rate and time left: `6,120/s · about 17 min left`; empty while nothing moves.
    pub pace: String,
    /// The nearest deadline: `deadline CA in 21 days`; empty when none is known.
    pub deadline: String,
    /// Why it goes at this speed, a sentence; empty while it does not send.
    pub speed: String,
    /// Legal and blocked deeds; the primary one first.
    pub deeds: Vec<Deed>,
    /// What exactly goes out.
    pub content: Content,
    /// Outcomes per minute; none before the first.
    pub chart: Option<Chart>,
    /// What the relays answered, the most frequent first.
    pub replies: Vec<ReplyRow>,
    /// The relays and what each does now.
    pub relays: Vec<RelayRow>,
    /// The latest deeds.
    pub log: Vec<Done>,
}

/// Notices by state, in the words of the contract.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is the state of that name")]
pub struct Counts {
    pub queued: i64,
    pub sending: i64,
    pub sent: i64,
    pub deferred: i64,
    pub bounced: i64,
    pub expired: i64,
    pub uncertain: i64,
    pub withheld: i64,
    pub cancelled: i64,
}

impl Counts {
    /// State, figure and what it means, the hero first.
    pub fn rows(&self) -> [(&'static str, i64, &'static str); 9] {
        [
            ("sent", self.sent, "the relay took it"),
            ("queued", self.queued, "wait their turn"),
            ("sending", self.sending, "on a connection now"),
            ("deferred", self.deferred, "tried again later"),
            ("uncertain", self.uncertain, "maybe sent twice"),
            ("bounced", self.bounced, "refused: need a letter"),
            ("expired", self.expired, "gave up: need a letter"),
            ("withheld", self.withheld, "each with a reason"),
            ("cancelled", self.cancelled, "never left"),
        ]
    }
}

/// What was approved, or is to be.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The template's id.
    pub template: String,
    /// The template's name.
    pub template_name: String,
    /// Its version.
    pub template_version: i64,
    /// The languages it goes out in.
    pub locales: Vec<String>,
    /// To whom, in words.
    pub audience: String,
    /// How fast at most, in words.
    pub rate: String,
    /// The hash over all of the above; the approval is pinned to it.
    pub hash: String,
    /// Who drafted it.
    pub author: String,
    /// Who approved exactly this, and when.
    pub approved: Option<Done>,
}

/// One kind of reply.
#[derive(Debug, Clone)]
pub struct ReplyRow {
    /// `550 5.1.1`
    pub code: String,
    /// Its words, without any address.
    pub words: String,
    /// How often.
    pub count: i64,
}

/// One relay.
#[derive(Debug, Clone)]
pub struct RelayRow {
    /// Its name.
    pub name: String,
    /// `open`, or why not.
    pub state: String,
    /// Connections in use.
    pub connections: i64,
    /// Messages in the last minute.
    pub last_minute: i64,
}

impl CampaignPage {
    /// One `progress` event: every figure as this page words it, so that page and stream agree.
    /// A `status` other than the page's own makes the page load itself anew.
    pub fn live(&self) -> Value {
        let mut figures = serde_json::Map::new();
        for (state, figure, _) in self.counts.rows() {
            figures.insert(state.to_owned(), count(figure).into());
        }
        figures.insert("percent".into(), self.percent().into());
        figures.insert("pace".into(), self.pace.clone().into());
        figures.insert("speed".into(), self.speed.clone().into());
        json!({"status": self.status, "figures": figures, "values": {"done": self.counts.sent}})
    }

    fn percent(&self) -> String {
        percent(self.counts.sent, self.total)
    }

    /// Where a deed of this page posts to.
    fn to(&self, deed: &str) -> String {
        format!("/console/campaigns/{}/{deed}", self.id)
    }

    /// Whether figures can still change by themselves.
    fn moves(&self) -> bool {
        matches!(self.status.as_str(), "scheduled" | "sending" | "paused")
    }

    /// Whether it has been launched.
    fn launched(&self) -> bool {
        !matches!(self.status.as_str(), "draft" | "in_review" | "approved" | "scheduled")
    }
}
