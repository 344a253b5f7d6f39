//! What is done with a relay's reply: `delivery` says what it means; here the outcome row, the status of the notice and the
//! figures follow, and providers or relays are held.

mod learn;
mod outbox;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::learn::Answered;
use super::breaker;
use super::leased_batch::Job;
use super::providers::Providers;
use super::queue::Queue;
use super::relay_state::{Needs, RelayState};
use super::send_permission::Leave;
use crate::app::App;
use crate::delivery::attempt::{Attempted, Outcome};
use crate::delivery::policy::{self, Tried};
use crate::mail::Reply;
use crate::notice::{AttemptResult, NoticeStatus};
use crate::seal::random;

/// A result that is not yet written, and the job that ends with it.
pub(crate) struct PendingResult {
    /// The row to write.
    pub row: Outcome,
    pub job: Job,
    /// The state of its notice.
    pub to: NoticeStatus,
    /// When it is tried again, if it is.
    pub due_at: Option<DateTime<Utc>>,
    /// The attempt ended before anything was sent: another connection may take the job at once.
    pub again: bool,
    /// The relay was lost: it may be about to go away.
    pub is_lost: bool,
}

impl PendingResult {
    /// Ends the job, or passes it on, once the row is written.
    pub(crate) fn end(self, queue: &Queue) {
        let mut job = self.job;
        if self.again && job.leave() == Leave::Go {
            job.came_to_nothing(self.row);
            queue.put_behind(job);
        } else {
            job.end(self.row, self.to, self.due_at);
        }
    }
}

/// Handles the replies of one relay, to notices and to messages of the outbox.
pub(crate) struct ReplyHandler<'a> {
    pub app: &'a App,
    /// The relay.
    pub relay_state: &'a RelayState,
    /// Who runs the mailboxes.
    pub providers: &'a Providers,
    /// The other relays of this node.
    pub others: &'a [Arc<RelayState>],
    /// This process drops its jobs: no relay is to blame for connections lost now.
    pub drops: bool,
}

impl ReplyHandler<'_> {
    /// The result of the reply to a job's attempt, which began with this row. Holds the provider or relay and counts
    /// the result as a side effect.
    pub(crate) fn handle(&self, beginning: Outcome, mut job: Job, reply: &Reply) -> PendingResult {
        let now = self.app.now();
        if matches!(reply, Reply::CannotCarry { .. }) {
            job.not_by.push(self.relay_state.id());
        }
        let (are_taken, may_carry) = self.others_of(job.needs());
        let tried = Tried {
            attempt: job.tries,
            attempts: u32::try_from(job.attempts).unwrap_or(0),
            first: job.first_tried.unwrap_or(now),
            refused: job.refused,
            others_are_taken: are_taken,
            others_may_carry: may_carry,
        };
        let classification = policy::classify(reply, &tried, now, chance());
        let resend = || policy::resend_by(job.shared.on_uncertain, job.doubts + 1);
        let end = Attempted::of(classification, now, resend);
        if !self.drops {
            let one = Answered {
                recipient: job.person.id,
                to: job.person.contact.email.as_ref(),
                provider: &job.provider,
                tried: &tried,
            };
            let heard = breaker::heard(&job, end.result, classification.is_against());
            self.learn(&one, classification.evidence(reply), reply, Some(heard));
        }
        self.count(&job, end.result, now);
        PendingResult {
            row: beginning.ended(&end, reply, now),
            job,
            to: end.to,
            due_at: end.due_at,
            again: classification.goes_at_once(),
            is_lost: classification.is_lost(),
        }
    }

    /// Whether the provider of a message takes this relay's mail to others at present, and whether another relay may
    /// carry it.
    fn others_of(&self, of: Needs<'_>) -> (bool, bool) {
        let takes = |refuser: String| self.relay_state.accepts_other_recipients(&refuser);
        let are_taken = self.relay_state.watches() && takes(self.providers.refuser(of.to));
        let may_carry = self.others.iter().any(|other| of.may_go_by(other));
        (are_taken, may_carry)
    }

    fn count(&self, job: &Job, result: AttemptResult, now: DateTime<Utc>) {
        let relay = self.relay_state.route.relay.name();
        let messages = &self.app.metrics.messages;
        messages
            .with_label_values(&[relay, &job.provider, result.as_str()])
            .inc();
        if result == AttemptResult::Accepted {
            self.show_accepted(now);
        }
    }

    fn show_accepted(&self, now: DateTime<Utc>) {
        let relay = self.relay_state.route.relay.name();
        let accepted_at = self.app.metrics.accepted_at.with_label_values(&[relay]);
        accepted_at.set(now.timestamp());
    }
}

/// A random number in `0..1`.
fn chance() -> f64 {
    f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX)
}
