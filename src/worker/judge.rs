//! What a relay's reply means: the row to write, the state of the notice, what is counted, who is held.

use super::breaker;
use super::hand::Job;
use super::line::{Line, Owed};
use crate::mail::Reply;
use crate::notice::retry::{self, Verdict};
use crate::notice::store::outcome::Outcome;
use crate::notice::{AttemptResult, NoticeStatus};
use crate::seal::random;

impl Line {
    /// What the reply means: the row to write and the state of the notice. `None` never: every reply
    /// leaves something to write.
    pub(super) fn judge(&self, beginning: Outcome, job: Job, reply: &Reply) -> Option<Owed> {
        let now = self.app.now();
        let (first, chance) = (job.first_tried.unwrap_or(now), chance());
        let verdict = retry::decide(reply, job.tries, first, now, chance);
        let attempts = u32::try_from(job.attempts).unwrap_or(0);
        let verdict = retry::in_doubt(verdict, attempts, first, now, chance);
        let (result, to, due_at, reason) = match verdict {
            Verdict::Sent => (AttemptResult::Accepted, NoticeStatus::Sent, None, None),
            Verdict::Retry { at } => (
                AttemptResult::Deferred,
                NoticeStatus::Deferred,
                Some(at),
                None,
            ),
            Verdict::Bounced { reason } => (
                AttemptResult::Refused,
                NoticeStatus::Bounced,
                None,
                Some(reason.as_str()),
            ),
            Verdict::Expired => (AttemptResult::Expired, NoticeStatus::Expired, None, None),
            Verdict::RelayAway { retry_in } => {
                self.hold(retry_in);
                (
                    AttemptResult::Unreachable,
                    NoticeStatus::Deferred,
                    Some(now + retry_in),
                    None,
                )
            }
            Verdict::HoldRelay { reason, lasting } => {
                tracing::warn!(
                    relay = self.trunk.route.relay.name(),
                    reason = reason.as_str(),
                    "a relay is held"
                );
                self.hold(lasting);
                (
                    AttemptResult::Deferred,
                    NoticeStatus::Deferred,
                    Some(now + lasting),
                    Some(reason.as_str()),
                )
            }
            Verdict::Uncertain => match job.shared.resend_in(job.doubts + 1) {
                Some(wait) => (
                    AttemptResult::Uncertain,
                    NoticeStatus::Deferred,
                    Some(now + wait),
                    None,
                ),
                None => (
                    AttemptResult::Uncertain,
                    NoticeStatus::Uncertain,
                    None,
                    None,
                ),
            },
        };
        let provider = self
            .lanes
            .providers()
            .name(job.person.contact.email.as_ref());
        self.app
            .metrics
            .messages
            .with_label_values(&[self.trunk.route.relay.name(), provider, result.as_str()])
            .inc();
        if result == AttemptResult::Accepted {
            let accepted_at = &self.app.metrics.accepted_at;
            accepted_at
                .with_label_values(&[self.trunk.route.relay.name()])
                .set(now.timestamp());
        }
        let against = matches!(verdict, Verdict::HoldRelay { .. });
        breaker::watch(&self.app, &job, result, against);
        let (code, enhanced, text) = reply.parts();
        let row = Outcome {
            settled: true,
            result,
            code: code.and_then(|code| i16::try_from(code).ok()),
            enhanced: enhanced.map(ToOwned::to_owned),
            reply: Some(text.to_owned()),
            reason: reason.map(ToOwned::to_owned),
            retry_at: due_at,
            at: now,
            ..beginning
        };
        Some(Owed {
            row,
            job,
            to,
            due_at,
        })
    }
}

/// A random number in `0..1`.
pub(super) fn chance() -> f64 {
    f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX)
}
