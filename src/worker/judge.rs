//! What a relay's reply means: the row to write, the state of the notice, what is counted, who is held.

use chrono::{DateTime, TimeDelta, Utc};

use super::breaker;
use super::hand::Job;
use super::trunk::Trunk;
use crate::app::App;
use crate::mail::Reply;
use crate::notice::retry::{self, Verdict};
use crate::notice::store::outcome::Outcome;
use crate::notice::{AttemptResult, NoticeStatus};
use crate::seal::random;

/// A result that is not yet written, and the job that ends with it.
pub struct Owed {
    /// The row to write.
    pub row: Outcome,
    /// The job.
    pub job: Job,
    /// The state of its notice.
    pub to: NoticeStatus,
    /// When it is tried again, if it is.
    pub due_at: Option<DateTime<Utc>>,
}

impl Owed {
    /// Ends the job, once the row is written.
    pub fn end(self) {
        self.job.end(self.row, self.to, self.due_at);
    }
}

/// Judges the replies of one relay.
pub struct Judge<'a> {
    /// The program.
    pub app: &'a App,
    /// The relay.
    pub trunk: &'a Trunk,
}

/// What an attempt ended with.
struct Ending {
    result: AttemptResult,
    to: NoticeStatus,
    due_at: Option<DateTime<Utc>>,
    reason: Option<&'static str>,
}

impl Ending {
    fn new(result: AttemptResult, to: NoticeStatus) -> Self {
        Self {
            result,
            to,
            due_at: None,
            reason: None,
        }
    }

    fn deferred(result: AttemptResult, until: DateTime<Utc>) -> Self {
        Self {
            due_at: Some(until),
            ..Self::new(result, NoticeStatus::Deferred)
        }
    }

    fn because(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    fn of(verdict: Verdict, job: &Job, now: DateTime<Utc>) -> Self {
        match verdict {
            Verdict::Sent => Self::new(AttemptResult::Accepted, NoticeStatus::Sent),
            Verdict::Retry { at } => Self::deferred(AttemptResult::Deferred, at),
            Verdict::Bounced { reason } => {
                Self::new(AttemptResult::Refused, NoticeStatus::Bounced).because(reason.as_str())
            }
            Verdict::Expired => Self::new(AttemptResult::Expired, NoticeStatus::Expired),
            Verdict::RelayAway { retry_in } => {
                Self::deferred(AttemptResult::Unreachable, now + retry_in)
            }
            Verdict::HoldRelay { reason, lasting } => {
                Self::deferred(AttemptResult::Deferred, now + lasting).because(reason.as_str())
            }
            Verdict::Uncertain => match job.shared.resend_in(job.doubts + 1) {
                Some(wait) => Self::deferred(AttemptResult::Uncertain, now + wait),
                None => Self::new(AttemptResult::Uncertain, NoticeStatus::Uncertain),
            },
        }
    }
}

impl Judge<'_> {
    /// What follows from the reply to a job's attempt, which began with this row; done is what concerns others.
    pub fn judge(&self, beginning: Outcome, job: Job, reply: &Reply) -> Owed {
        let now = self.app.now();
        let (first, chance) = (job.first_tried.unwrap_or(now), chance());
        let verdict = retry::decide(reply, job.tries, first, now, chance);
        let attempts = u32::try_from(job.attempts).unwrap_or(0);
        let verdict = retry::in_doubt(verdict, attempts, first, now, chance);
        let end = Ending::of(verdict, &job, now);
        self.hold_if(verdict);
        self.count(&job, end.result, now);
        let against = matches!(verdict, Verdict::HoldRelay { .. });
        breaker::watch(self.app, &job, end.result, against);
        let (code, enhanced, text) = reply.parts();
        let row = Outcome {
            settled: true,
            result: end.result,
            code: code.and_then(|code| i16::try_from(code).ok()),
            enhanced: enhanced.map(ToOwned::to_owned),
            reply: Some(text.to_owned()),
            reason: end.reason.map(ToOwned::to_owned),
            retry_at: end.due_at,
            at: now,
            ..beginning
        };
        Owed {
            row,
            job,
            to: end.to,
            due_at: end.due_at,
        }
    }

    /// What follows from a connection that could not be made.
    pub fn unconnected(&self, reply: &Reply) {
        let now = self.app.now();
        self.hold_if(retry::decide(reply, 1, now, now, chance()));
    }

    /// Holds the relay for all its lines where the verdict is on it.
    fn hold_if(&self, verdict: Verdict) {
        let (lasting, why) = match verdict {
            Verdict::RelayAway { retry_in } => (retry_in, "it is away"),
            Verdict::HoldRelay { reason, lasting } => (lasting, reason.as_str()),
            _ => return,
        };
        let relay = self.trunk.route.relay.name();
        tracing::warn!(relay, why, "a relay is held; its messages wait");
        self.trunk.hold(lasting, why);
        self.show_held(relay, lasting);
    }

    fn show_held(&self, relay: &str, lasting: TimeDelta) {
        let until = (self.app.now() + lasting).timestamp();
        let held_until = &self.app.metrics.held_until;
        held_until.with_label_values(&[relay]).set(until);
    }

    fn count(&self, job: &Job, result: AttemptResult, now: DateTime<Utc>) {
        let relay = self.trunk.route.relay.name();
        let metrics = &self.app.metrics;
        metrics
            .messages
            .with_label_values(&[relay, &job.provider, result.as_str()])
            .inc();
        if result == AttemptResult::Accepted {
            let accepted_at = metrics.accepted_at.with_label_values(&[relay]);
            accepted_at.set(now.timestamp());
        }
    }
}

/// A random number in `0..1`.
fn chance() -> f64 {
    f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX)
}
