//! A notice of a leased batch on its way through lanes and lines.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Hand, Shared};
use crate::campaign::pacing;
use crate::delivery::store::Settled;
use crate::delivery::store::outcome::Outcome;
use crate::notice::{Notice, NoticeStatus};
use crate::person::Person;
use crate::worker::gate::{Leave, OnConnection};
use crate::worker::past::Story;
use crate::worker::trunk::Trunk;

/// One notice to be sent. Dropped without an end, it counts as not tried and goes back to the queue.
pub struct Job {
    hand: Arc<Hand>,
    /// What its campaign shares.
    pub shared: Arc<Shared>,
    pub notice: Notice,
    /// The recipient.
    pub person: Person,
    /// Attempts written so far, of any kind.
    pub attempts: i16,
    /// Attempts that count for the retry policy.
    pub tries: u32,
    /// Attempts that ended uncertain.
    pub doubts: u32,
    /// Permanent refusals that were not final, and when the first of them came.
    pub refused: Option<(u32, DateTime<Utc>)>,
    /// When it was first tried.
    pub first_tried: Option<DateTime<Utc>>,
    /// Who runs the mailbox.
    pub provider: Arc<str>,
    /// The relays ([`Trunk::id`]) that cannot carry its letter.
    pub not_by: Vec<usize>,
    /// Its slot by the paces of campaign and provider has come, and no relay has taken it yet.
    pub has_turn: bool,
    tried: Vec<Outcome>,
    through: bool,
}

impl Job {
    /// A job of a batch in hand.
    pub fn new(
        hand: &Arc<Hand>,
        shared: &Arc<Shared>,
        notice: Notice,
        (person, provider): (Person, Arc<str>),
        story: Story,
    ) -> Self {
        Self {
            hand: Arc::clone(hand),
            shared: Arc::clone(shared),
            notice,
            person,
            attempts: story.attempts,
            tries: story.tries,
            doubts: story.doubts,
            refused: story.refused,
            first_tried: story.first_tried,
            provider,
            not_by: Vec::new(),
            has_turn: false,
            tried: story.tried,
            through: false,
        }
    }

    /// It is on a connection until the guard is dropped.
    pub fn begin(&self) -> OnConnection {
        self.hand.gate.begin(self.notice.campaign)
    }

    /// Whether it may be sent now.
    pub fn leave(&self) -> Leave {
        self.hand.leave()
    }

    /// Whether a relay may carry its letter: it did not turn out that it cannot.
    pub fn may_go_by(&self, trunk: &Trunk) -> bool {
        !self.not_by.contains(&trunk.id())
    }

    /// The time by the program's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.hand.app.now()
    }

    /// This sender's part of what relays and providers take.
    pub fn share(&self) -> f64 {
        self.hand.gate.share()
    }

    /// Messages a second that this sender may send of its campaign now; `None`: unlimited.
    pub fn rate(&self) -> Option<f64> {
        let app = &self.hand.app;
        let percent = self.hand.gate.percent(self.notice.campaign);
        let since = app.now() - self.shared.launched_at;
        let all = pacing::rate(self.shared.limit, percent, since, &app.config.pacing)?;
        Some(all * self.hand.gate.share_of(self.notice.campaign))
    }

    /// The attempt ended before anything was sent; the next attempt may follow at once. It does not count as a try, as when
    /// the batch is read again ([`Past::read`](crate::worker::past::Past::read)).
    pub fn came_to_nothing(&mut self, attempt: Outcome) {
        self.tries = self.tries.saturating_sub(1);
        self.tried.push(attempt);
    }

    /// It is not sent now, and no attempt is under way. It goes back to the queue; if its campaign was cancelled, that is
    /// its end, whatever others of its batch still wait for.
    pub fn go_back(self) {
        if self.hand.gate.is_cancelled(self.notice.campaign) {
            let to = match self.doubts {
                0 => NoticeStatus::Cancelled,
                // It may have arrived.
                _ => NoticeStatus::Uncertain,
            };
            self.settle(to, None);
        }
    }

    /// Ends it for now without an attempt: its provider is held everywhere until then.
    pub fn put_off(self, until: DateTime<Utc>) {
        self.settle(NoticeStatus::Deferred, Some(until));
    }

    /// Ends it in a state, by the result of its last attempt.
    pub fn end(mut self, last: Outcome, to: NoticeStatus, due_at: Option<DateTime<Utc>>) {
        self.tried.push(last);
        self.settle(to, due_at);
    }

    fn settle(mut self, to: NoticeStatus, due_at: Option<DateTime<Utc>>) {
        self.through = true;
        let settled = Settled {
            id: self.notice.id,
            person: self.notice.person,
            named: self.notice.named,
            address: self.person.email_key.clone(),
            from: self.notice.status,
            to,
            withheld: None,
            attempts: self.attempts,
            due_at,
            provider: Arc::clone(&self.provider),
            tried: std::mem::take(&mut self.tried),
        };
        self.hand.job_done(Some(settled));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.through {
            self.hand.job_done(None);
        }
    }
}
