//! The console: what staff see. Each file holds what one page needs to know; its template lies
//! beside it.
//!
//! | request | page or answer | form fields (`csrf` in each) |
//! |---|---|---|
//! | `GET, POST /console/sign-in` | [`sign_in::SignIn`] | `email`, `password`, `next` |
//! | `POST /console/sign-out` | signs out | |
//! | `GET /console` | [`dashboard::Dashboard`] | |
//! | `POST /console/stop`, `/console/start` | the emergency stop | |
//! | `GET, POST /console/incidents` | [`incidents::Incidents`] | `title`, `slug`, `what_happened` |
//! | `GET /console/incidents/{slug}` | [`incident::IncidentPage`] | |
//! | `POST …/{slug}/state` | moves it | `to`, `version`; for monitoring with people not told also `confirm`, `in_progress`, `needs_letter` |
//! | `POST …/{slug}/facts` | saves the fact sheet | `version`; `key`, `value` repeated in pairs; an empty key drops the pair |
//! | `GET …/{slug}/facts/publish` | [`facts::Preview`] | |
//! | `POST …/{slug}/facts/publish` | publishes the fact sheet | `version` |
//! | `POST …/{slug}/updates` | publishes; with `act=preview` shows it first | `kind`, `text`, `next_on` (`YYYY-MM-DD` or empty) |
//! | `POST …/{slug}/forget` | destroys its key | `repeated`: its slug, typed again |
//! | `GET …/{slug}/import`, `POST …/{slug}/scopes` | [`import::Import`] | multipart: `mode` (`full`, `delta`), then `file`, or `upload` |
//! | `POST …/{slug}/uploads` | begins a list in pieces, JSON; the script's | `size` |
//! | `GET, PATCH /console/uploads/{id}` | how much of it is here, JSON; the next piece | |
//! | `GET …/{slug}/importing` | how far the import under way is, JSON | |
//! | `GET …/{slug}/scopes/{version}` | [`scopes::ScopeReport`] | |
//! | `GET …/scopes/{version}/rejects` | the rejects as CSV | |
//! | `POST …/scopes/{version}/activate`, `…/discard` | decides about a draft | |
//! | `GET, POST …/{slug}/letters` | [`letters::LettersPage`]; takes a list, as CSV | `kind` (`letter guardian kin safe`), `again` |
//! | `POST …/{slug}/letters/told` | one person was told | `reference`, `on`, `how`, `who` |
//! | `POST …/{slug}/letters/returned` | letters came back | multipart: `file` |
//! | `POST …/{slug}/minors` | how minors are told | `rule` |
//! | `POST /console/letters/{id}/posted`, `…/told`, `…/discard` | what became of a list | `on`, `confirm` (`legal_hold:2`); `how`, `who` |
//! | `GET, POST /console/templates` | [`templates::Templates`] | `name`, `locale` |
//! | `GET /console/templates/{id}` | [`template::TemplatePage`] | query `locale`, `incident`, `reference` |
//! | `POST /console/templates/{id}/versions` | saves a new version; with `act=show`, `show:LOCALE` shows what was typed | `locale`, `subject`, `body` repeated in triples; an empty locale drops the triple; `names`, `version`, `incident`, `reference` |
//! | `GET, POST /console/templates/{id}/preview` | the HTML part alone, for a sandboxed frame; of what was typed | `locale`, `incident`, `reference`; as `versions` |
//! | `GET, POST /console/campaigns` | [`campaigns::Campaigns`] | `incident`, `template`, `kind`, `audience`, `rate` |
//! | `GET /console/campaigns/{id}` | [`campaign::CampaignPage`] | |
//! | `GET /console/campaigns/{id}/live` | events `progress`, data [`progress::Moving`] | |
//! | `POST /console/campaigns/{id}/{deed}` | `submit approve take-back launch pause resume cancel` | `content_hash`, `version` |
//! | `GET /console/campaigns/{id}/notices` | [`notices::Notices`] | query `status`, `after` |
//! | `GET /console/notices/{id}` | [`notices::NoticePage`] | |
//! | `GET /console/people/{id}` | [`ledger::Ledger`] | |
//! | `GET /console/helpline` | [`helpline::Helpline`] | query `status`, `after` (leads) |
//! | `POST /console/helpline/next` | takes the next ticket | |
//! | `GET, POST /console/helpline/find` | [`search::Search`] | `sought` |
//! | `GET, POST /console/helpline/call` | [`call::CallForm`] | `reference`, `verification`, `text`, `then` |
//! | `GET /console/tickets/{id}` | [`ticket::TicketPage`] | query `as=note` |
//! | `POST /console/tickets/{id}/messages` | replies, notes, logs a call; with `act=as-note`, `as-reply` shows the other tab | `kind` (`reply`, `note`, `call`), `text`, `note`, `version`, `messages`; replies and calls also `then` (a state, or empty to keep it), `resolution`, `reason`, `review_on` |
//! | `POST /console/tickets/{id}/transition`, `…/take`, `…/release` | moves it, takes it, gives it back | `to` (`open`, `closed:spam`), `version` |
//! | `POST /console/tickets/{id}/assign` | gives it to an agent | `agent` (an account), `version` |
//! | `GET /console/staff`, `POST …/staff/{id}/disable`, `…/enable` | [`staff::StaffList`] | |
//! | `GET /console/audit` | [`audit::AuditLog`] | query `before` |
//! | `GET /console/outbox`, `/console/outbox/{name}`, `…/{name}/html` | [`outbox::Outbox`] | |
//! | `GET /console/design` | [`design::Design`] | |
//!
//! A form that is refused answers 422 with the same page, its faults, and what was typed.

pub mod account;
pub mod around;
pub mod audience;
pub mod audit;
pub mod call;
pub mod campaign;
pub mod campaign_rows;
pub mod campaigns;
mod conflict;
pub mod content;
pub mod dashboard;
pub mod deeds;
pub mod delivery;
pub mod design;
pub mod desk_page;
pub mod ended;
pub mod facts;
pub mod forget;
pub mod helpline;
pub mod import;
pub mod incident;
pub mod incidents;
pub mod ledger;
pub mod letters;
pub mod live;
pub mod me;
pub mod moves;
pub mod needs;
pub mod notices;
pub mod offer;
pub mod outbox;
pub mod outcomes;
pub mod person;
pub mod preview;
pub mod problem;
pub mod progress;
pub mod reach;
pub mod rejected;
pub mod scopes;
pub mod search;
pub mod sign_in;
mod sought;
pub mod speed;
pub mod staff;
pub mod template;
pub mod templates;
pub mod ticket;
pub mod tickets;
pub mod unsaved;
mod untold;
pub mod updates;
pub mod work;

use chrono::{DateTime, Utc};

use crate::web::figures::{Part, Rect, count, lay};
use crate::web::page::Moment;

/// Who is accounted for in an incident, and how: promises P1 and P2 as figures.
#[derive(Debug, Clone)]
pub struct Account {
    /// Everyone in the active scope.
    pub people: i64,
    /// Sent a notice.
    pub notified: i64,
    /// Of those: last told by a letter.
    pub notified_by_post: i64,
    /// Of those: last told by another channel than e-mail or post.
    pub notified_otherwise: i64,
    /// Somewhere between queued and sent.
    pub in_progress: i64,
    /// Not reachable by e-mail.
    pub needs_letter: i64,
    /// Left out, each with a reason.
    pub withheld: i64,
    /// Nobody knows why: must be 0.
    pub unexplained: i64,
    /// Notified, but not of everything that was exposed.
    pub unnotified_elements: i64,
    /// Told of something that is not theirs.
    pub told_too_much: i64,
    /// Of those: to be corrected by a letter or otherwise.
    pub correction_letters: i64,
    /// Minors to be told by a letter to the parent or guardian.
    pub guardian_letters: i64,
    /// Of those: in progress.
    pub guardian_in_progress: i64,
    /// When it was counted.
    pub as_of: Moment,
}

impl Account {
    /// What was counted just now.
    pub fn of(counted: &crate::account::Account, now: DateTime<Utc>) -> Self {
        Self {
            people: counted.people,
            notified: counted.notified,
            notified_by_post: counted.notified_by_post,
            notified_otherwise: counted.notified_otherwise,
            in_progress: counted.in_progress,
            needs_letter: counted.needs_letter,
            withheld: counted.withheld,
            unexplained: counted.unexplained,
            unnotified_elements: counted.unnotified_elements,
            told_too_much: counted.told_too_much,
            correction_letters: counted.correction_letters,
            guardian_letters: counted.guardian_letters,
            guardian_in_progress: counted.guardian_in_progress,
            as_of: Moment::ago(now, now),
        }
    }

    /// How many a campaign can correct.
    pub fn correction_mails(&self) -> i64 {
        self.told_too_much - self.correction_letters
    }

    /// What is done about people who were told of something that is not theirs.
    pub fn correct(&self) -> &'static str {
        match (self.correction_mails() > 0, self.correction_letters > 0) {
            (true, true) => "draft a correction, and take the list of letters of correction",
            (false, true) => "take the list of letters of correction",
            _ => "draft a correction",
        }
    }

    /// The parts of the bar and its key, in reading order.
    pub fn parts(&self) -> Vec<Part> {
        let part = |name, figure, fill| Part { name, figure, fill };
        vec![
            part("notified", self.notified, "done"),
            part("in progress", self.in_progress, "busy"),
            part("needs letter", self.needs_letter, "look"),
            part("withheld", self.withheld, "idle"),
            part("unexplained", self.unexplained, "act"),
        ]
    }

    /// The bar, 1000 wide.
    pub fn bar(&self) -> Vec<Rect> {
        lay(&self.parts())
    }

    /// The bar for whoever cannot see it.
    pub fn in_words(&self) -> String {
        let parts: Vec<_> = self
            .parts()
            .iter()
            .map(|p| format!("{} {}", p.name, count(p.figure)))
            .collect();
        format!("{} people: {}", count(self.people), parts.join(", "))
    }
}

/// A deed a page offers: legal in this state, or greyed with the reason.
#[derive(Debug, Clone, Default)]
pub struct Deed {
    /// The last part of its path, or the state it leads to.
    pub name: String,
    /// What the button says.
    pub words: String,
    /// `""` for the one primary deed, else `quiet` or `danger`.
    pub look: &'static str,
    /// What is asked before it is done; empty to do it at once.
    pub sure: String,
    /// What has to be ticked with that; empty for nothing.
    pub tick: String,
    /// Why it cannot be done now; empty when it can.
    pub blocked: String,
}

/// One line of "who did what".
#[derive(Debug, Clone)]
pub struct Done {
    /// A member of staff, or `Candor`.
    pub who: String,
    /// A short sentence without its subject: `paused the campaign`.
    pub what: String,
    /// When.
    pub at: Moment,
}

/// One option of a choice.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the reader sees.
    pub words: String,
}
