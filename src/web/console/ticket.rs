//! The agent's screen, three zones: my work, the conversation, the person.

use askama::Template;

use super::work::Work;
use super::{Choice, Deed};
use crate::web::conversation::Message;
use crate::web::figures::filters;
use crate::web::page::{Desk, Faults, Moment};

/// `/console/tickets/{id}`
#[derive(Template)]
#[template(path = "console/ticket.html")]
pub struct TicketPage {
    /// The frame.
    pub desk: Desk,
    /// The left zone.
    pub work: Work,
    /// Its id.
    pub id: String,
    /// The title of its incident.
    pub incident: String,
    /// As the customer quotes it.
    pub number: String,
    /// Its state.
    pub status: String,
    /// The label the customer reads; empty where they see nothing of the ticket.
    pub label: String,
    /// The version this page shows; a send with an older one is held back.
    pub version: i64,
    /// Of a call: that it is one, and whether the caller was verified; else empty.
    pub call: String,
    /// How it ended, by whom and when; empty while it has not.
    pub ended: String,
    /// Why it is urgent: `severity 5 · harm reported · waits 2 h`.
    pub why: String,
    /// When an answer is due.
    pub due: Option<Moment>,
    /// Whether that is past.
    pub overdue: bool,
    /// Who holds it; empty for nobody.
    pub assignee: String,
    /// The conversation, the oldest first.
    pub thread: Vec<Message>,
    /// What came in while the agent wrote; the draft is kept below it.
    pub conflict: Option<Conflict>,
    /// The composer; none while this person may not write here, with the reason in `locked`.
    pub composer: Option<Composer>,
    /// Why there is no composer.
    pub locked: String,
    /// Moves without a message, to `transition`; `name` is the state, with the resolution where it
    /// needs one (`closed:spam`). `take` takes it out of the line, `release` gives it back.
    pub moves: Vec<Deed>,
    /// For leads: to whom it can be given.
    pub agents: Vec<Choice>,
    /// The right zone.
    pub person: PersonZone,
}

/// Somebody was quicker.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// What happened: `Customer wrote 20 s ago`.
    pub what: String,
    /// The anchor of what is new: the message's place.
    pub place: i64,
}

/// Both tabs of the composer, with their drafts.
#[derive(Debug, Clone, Default)]
pub struct Composer {
    /// Whether the note tab is open.
    pub as_note: bool,
    /// To whom a reply goes, or why to nobody: `e-mail, a•••@e•••.com, in English`.
    pub to: String,
    /// The reply, as typed.
    pub reply: String,
    /// The note, as typed.
    pub note: String,
    /// The states a reply may set; `name` is the state, `words` its button. The first is primary.
    pub next: Vec<Deed>,
    /// What solved may mean.
    pub resolutions: Vec<Choice>,
    /// The resolution chosen.
    pub resolution: String,
    /// For on hold: what we wait for, as typed.
    pub reason: String,
    /// For on hold: look again on, `YYYY-MM-DD`.
    pub review_on: String,
    /// Why it was not sent; fields `reply`, `note`, `resolution`, `reason`, `review_on`.
    pub faults: Faults,
}

impl Composer {
    fn can(&self, state: &str) -> bool {
        self.next
            .iter()
            .any(|d| d.name == state && d.blocked.is_empty())
    }
}

/// What the agent may know of the person.
#[derive(Debug, Clone, Default)]
pub struct PersonZone {
    /// The name, masked below verification level 1; empty when no person is connected.
    pub name: String,
    /// The organisation's reference, masked likewise.
    pub reference: String,
    /// Their page; empty below verification level 1.
    pub page: String,
    /// How far the person is verified: `One-time code to the address on file`.
    pub verified: String,
    /// 0 to 3.
    pub level: i64,
    /// What to know before writing: `minor`, `vulnerable`, `protected`.
    pub needs: Vec<String>,
    /// Exposed elements in words, the gravest first. Never a value. None of somebody who is not affected.
    pub elements: Vec<String>,
    /// Which list says that they are not affected; empty for somebody who is.
    pub not_affected: String,
    /// What they were told that is not so, in words; empty for nothing.
    pub wrong: String,
    /// Tickets that this one follows, or that follow it: id and number.
    pub connected: Vec<Choice>,
    /// Notices sent, the latest first.
    pub notices: Vec<NoticeLine>,
    /// Other tickets of the person: id and number.
    pub tickets: Vec<Choice>,
    /// How the incident stands for them: `notified`, `needs_letter` …
    pub account: String,
}

/// A notice this person was sent, or not.
#[derive(Debug, Clone)]
pub struct NoticeLine {
    /// Its subject, or that it is a letter or a call.
    pub name: String,
    /// Its state.
    pub status: String,
    /// When it was sent, posted or told, in words; or that it was not.
    pub at: String,
    /// Its code, to read back on the phone; empty if nothing of ours carries it.
    pub code: String,
}

impl TicketPage {
    /// Whether this move is no change of state, and has an address of its own.
    fn is_own(&self, deed: &Deed) -> bool {
        matches!(deed.name.as_str(), "take" | "release")
    }

    /// Where a form of this page posts to.
    fn to(&self, what: &str) -> String {
        format!("/console/tickets/{}/{what}", self.id)
    }
}
