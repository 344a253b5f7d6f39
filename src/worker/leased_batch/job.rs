//! A notice of a leased batch on its way through queues and connections.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{LeasedBatch, Shared};
use crate::delivery::attempt::Outcome;
use crate::delivery::history::History;
use crate::delivery::store::Settled;
use crate::delivery::{pacing, plan};
use crate::notice::{Notice, NoticeStatus};
use crate::person::Person;
use crate::worker::relay_state::Needs;
use crate::worker::send_permission::{Leave, OnConnection};

/// One notice to be sent. Dropped without an end, it counts as not tried and goes back to the queue.
pub(crate) struct Job {
    leased: Arc<LeasedBatch>,
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
    /// The relays (`RelayState::id`) that cannot carry its letter.
    pub not_by: Vec<usize>,
    /// Its slot by the paces of campaign and provider has come, and no relay has taken it yet.
    pub has_turn: bool,
    tried: Vec<Outcome>,
    through: bool,
}

impl Job {
    /// A job of a leased batch.
    pub(crate) fn new(
        leased: &Arc<LeasedBatch>,
        shared: &Arc<Shared>,
        notice: Notice,
        (person, provider): (Person, Arc<str>),
        history: History,
    ) -> Self {
        Self {
            leased: Arc::clone(leased),
            shared: Arc::clone(shared),
            notice,
            person,
            attempts: history.attempts,
            tries: history.tries,
            doubts: history.doubts,
            refused: history.refused,
            first_tried: history.first_tried,
            provider,
            not_by: Vec::new(),
            has_turn: false,
            tried: history.tried,
            through: false,
        }
    }

    /// It is on a connection until the guard is dropped.
    pub(crate) fn begin(&self) -> OnConnection {
        self.leased.permission.begin(self.notice.campaign)
    }

    /// Whether it may be sent now.
    pub(crate) fn leave(&self) -> Leave {
        self.leased.leave()
    }

    /// What it needs of a relay.
    pub(crate) fn needs(&self) -> Needs<'_> {
        Needs {
            to: self.person.contact.email.as_ref(),
            not_by: &self.not_by,
        }
    }

    /// The time by the program's clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.leased.app.now()
    }

    /// This sender's part of what relays and providers take.
    pub(crate) fn share(&self) -> f64 {
        self.leased.permission.share()
    }

    /// Messages a second that this sender may send of its campaign now; `None`: unlimited.
    pub(crate) fn rate(&self) -> Option<f64> {
        let app = &self.leased.app;
        let percent = self.leased.permission.percent(self.notice.campaign);
        let since = app.now() - self.shared.launched_at;
        let all = pacing::rate(self.shared.limit, percent, since, &app.config.pacing)?;
        Some(all * self.leased.permission.share_of(self.notice.campaign))
    }

    /// The attempt ended before anything was sent; the next attempt may follow at once. It does not count as a try, as when
    /// the batch is read again ([`Histories::read`](crate::delivery::history::Histories::read)).
    pub(crate) fn came_to_nothing(&mut self, attempt: Outcome) {
        self.tries = self.tries.saturating_sub(1);
        self.tried.push(attempt);
    }

    /// It is not sent now, and no attempt is under way. It goes back to the queue; if its campaign was cancelled, that is
    /// its end, whatever others of its batch still wait for.
    pub(crate) fn go_back(self) {
        if self.leased.permission.is_cancelled(self.notice.campaign) {
            let to = plan::cancelled(None, self.doubts);
            self.settle(to, None);
        }
    }

    /// Ends it for now without an attempt: its provider is held everywhere until then.
    pub(crate) fn defer(self, until: DateTime<Utc>) {
        self.settle(NoticeStatus::Deferred, Some(until));
    }

    /// Ends it in a state, by the result of its last attempt.
    pub(crate) fn end(mut self, last: Outcome, to: NoticeStatus, due_at: Option<DateTime<Utc>>) {
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
        self.leased.job_done(Some(settled));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.through {
            self.leased.job_done(None);
        }
    }
}
