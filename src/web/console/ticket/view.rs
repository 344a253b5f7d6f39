//! What the ticket page of an agent shows, in three zones: own work, conversation, person.

use askama::Template;

use crate::person::PersonStanding;
use crate::ticket::TicketStatus;
use crate::web::console::helpline::work::Work;
use crate::web::console::{Button, Choice};
use crate::web::conversation::Message;
use crate::web::figures::filters;
use crate::web::page::{Badge, ConsoleFrame, Faults, Moment};

/// `/console/tickets/{id}`
#[derive(Template)]
#[template(path = "console/ticket/page.html")]
pub struct TicketPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The queue and the tickets of the reader (left zone).
    pub work: Work,
    /// Its id.
    pub id: String,
    /// The title of its incident.
    pub incident: String,
    /// The number that the customer knows.
    pub number: String,
    /// Its state.
    pub status: TicketStatus,
    /// The label the customer reads; empty where they see nothing of the ticket.
    pub label: String,
    /// The version that the page shows. A reply with an older one is not sent.
    pub version: i64,
    /// Of a call: that it is one, and whether the caller was verified; else empty.
    pub call: String,
    /// How, when and by which actor it ended; empty before that.
    pub ended: String,
    /// Why it is urgent: `severity 5 · harm reported · waits 2 h`.
    pub why: String,
    /// When an answer is due.
    pub due: Option<Moment>,
    /// Whether that is past.
    pub overdue: bool,
    /// The agent who holds it; empty for none.
    pub assignee: String,
    /// The conversation, the oldest first.
    pub thread: Vec<Message>,
    /// A message that arrived while the agent wrote; the draft is kept below.
    pub conflict: Option<Conflict>,
    /// The composer; `None` while the reader may not write here, with the reason in `locked`.
    pub composer: Option<Composer>,
    /// Why there is no composer.
    pub locked: String,
    /// Buttons for transitions without a message; `name` is the state, with a resolution if it needs one (`closed:spam`).
    /// `take` assigns the ticket to the reader, `release` returns it to the queue.
    pub buttons: Vec<Button>,
    /// For leads: the agents who can get it.
    pub agents: Vec<Choice>,
    /// The person (right zone).
    pub person: PersonZone,
}

/// A ticket that changed while the agent wrote.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// What happened: `Customer wrote 20 s ago`.
    pub what: String,
    /// The place of the new message, for the link to it.
    pub place: i64,
}

/// Both tabs of the composer, with their drafts.
#[derive(Debug, Clone, Default)]
pub struct Composer {
    /// Whether the note tab is open.
    pub as_note: bool,
    /// Where a reply goes, in sentences: `Goes to e-mail, a•••@e•••.com.`
    pub to: String,
    /// The reply, as typed.
    pub reply: String,
    /// The note, as typed.
    pub note: String,
    /// The buttons that send a reply; `name` is the next state. The first is primary.
    pub next: Vec<Button>,
    /// The resolutions to choose from.
    pub resolutions: Vec<Choice>,
    /// The chosen resolution.
    pub resolution: String,
    /// For on hold: the reason, as typed.
    pub reason: String,
    /// For on hold: the day of the review, `YYYY-MM-DD`.
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
    /// The organisation's reference, masked in the same way.
    pub reference: String,
    /// Their page; empty below verification level 1.
    pub page: String,
    /// How far the person is verified: `One-time code to the address on file`.
    pub verified: String,
    /// 0 to 3.
    pub level: i64,
    /// What an agent must know before writing: `a minor`, `vulnerable`.
    pub needs: Vec<String>,
    /// The exposed elements in words, the most severe first. Never a value. Empty for a person who is not affected.
    pub elements: Vec<String>,
    /// The sentence about a list by which the person is not affected; else empty.
    pub not_affected: String,
    /// The elements that they were told of and that are not theirs, in words; else empty.
    pub wrong: String,
    /// The tickets that this one follows, or that follow it: id and number.
    pub connected: Vec<Choice>,
    /// Notices sent, the latest first.
    pub notices: Vec<NoticeLine>,
    /// Other tickets of the person: id and number.
    pub tickets: Vec<Choice>,
    /// Where they stand in the account.
    pub standing: Option<PersonStanding>,
}

/// A notice, letter or call to the person.
#[derive(Debug, Clone)]
pub struct NoticeLine {
    /// Its subject, or its kind.
    pub name: String,
    /// Its state.
    pub status: Badge,
    /// When it was sent, posted or told, in words; or that it was not.
    pub at: String,
    /// Its code, to compare on the phone; empty if no message carries it.
    pub code: String,
}

impl TicketPage {
    /// Whether the button has an address of its own, since it does not change the state.
    fn is_own(&self, button: &Button) -> bool {
        matches!(button.name.as_str(), "take" | "release")
    }

    /// The address that a form of the page posts to.
    fn to(&self, action: &str) -> String {
        format!("/console/tickets/{}/{action}", self.id)
    }
}
