//! What is recorded of an attempt: its result, and what that makes of its notice. What the relay said is
//! [`crate::mail::Reply`], what that means is [`Classification`].

use chrono::{DateTime, TimeDelta, Utc};

use super::policy::Classification;
use crate::notice::{AttemptResult, NoticeStatus};

/// What an attempt ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempted {
    /// The result of the attempt.
    pub result: AttemptResult,
    /// The state of its notice.
    pub to: NoticeStatus,
    /// When the notice is tried again, if it is.
    pub due_at: Option<DateTime<Utc>>,
    /// Why, in the word of a [`super::policy::BounceReason`] or [`super::policy::HoldReason`].
    pub reason: Option<&'static str>,
}

impl Attempted {
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

    /// Records a classified reply. `resend_in`: how long an uncertain notice waits before it is sent again; `None`: it is
    /// not sent again.
    pub fn of(
        classification: Classification,
        now: DateTime<Utc>,
        resend_in: impl FnOnce() -> Option<TimeDelta>,
    ) -> Self {
        match classification {
            Classification::Sent => Self::new(AttemptResult::Accepted, NoticeStatus::Sent),
            Classification::Retry { at } => Self::deferred(AttemptResult::Deferred, at),
            Classification::Bounced { reason } => {
                Self::new(AttemptResult::Refused, NoticeStatus::Bounced).because(reason.as_str())
            }
            Classification::Expired => Self::new(AttemptResult::Expired, NoticeStatus::Expired),
            Classification::RelayAway | Classification::AnotherRelay => {
                Self::deferred(AttemptResult::Unreachable, now)
            }
            Classification::Against { reason, at, .. } => {
                Self::deferred(AttemptResult::Deferred, at).because(reason.as_str())
            }
            Classification::Uncertain => match resend_in() {
                Some(wait) => Self::deferred(AttemptResult::Uncertain, now + wait),
                None => Self::new(AttemptResult::Uncertain, NoticeStatus::Uncertain),
            },
        }
    }
}
