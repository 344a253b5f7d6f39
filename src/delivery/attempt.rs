//! What is recorded of an attempt: its result, what that makes of its notice, and the row. What the relay said is
//! [`Reply`], what that means is [`Classification`].

use chrono::{DateTime, TimeDelta, Utc};
use diesel::Queryable;

use super::policy::Classification;
use crate::id::{CampaignId, NoticeId};
use crate::mail::Reply;
use crate::notice::{AttemptResult, NoticeStatus};

/// The reason of a result that a dead sender left open.
const LOST: &str = "sender or database lost before its end was recorded";

/// One row: the beginning of an attempt, or its result.
#[derive(Debug, Clone, Queryable)]
pub struct Outcome {
    /// The notice.
    pub notice_id: NoticeId,
    /// Which attempt, from 1.
    pub attempt: i16,
    /// Whether this is the result.
    pub settled: bool,
    /// The campaign of the notice.
    pub campaign_id: CampaignId,
    /// What became of it; in flight for a beginning.
    pub result: AttemptResult,
    /// Through which relay.
    pub relay: String,
    /// The reply code (RFC 5321).
    pub code: Option<i16>,
    /// The enhanced status code (RFC 3463).
    pub enhanced: Option<String>,
    /// The reply's words, addresses masked.
    pub reply: Option<String>,
    /// Why it was judged so.
    pub reason: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// When this row was written.
    pub at: DateTime<Utc>,
}

impl Outcome {
    /// The result of the attempt that this row begins.
    pub fn ended(self, end: &Attempted, reply: &Reply, at: DateTime<Utc>) -> Self {
        let (code, enhanced, text) = reply.parts();
        Self {
            settled: true,
            result: end.result,
            code: code.and_then(|code| i16::try_from(code).ok()),
            enhanced: enhanced.map(ToOwned::to_owned),
            reply: Some(text.to_owned()),
            reason: end.reason.map(ToOwned::to_owned),
            retry_at: end.due_at,
            at,
            ..self
        }
    }

    /// The result of an attempt to send a message that must not be sent any more.
    pub fn cancelled(self, at: DateTime<Utc>) -> Self {
        Self {
            settled: true,
            result: AttemptResult::Cancelled,
            at,
            ..self
        }
    }

    /// The result of an attempt to send a message that cannot be written, and why.
    pub fn unwritable(self, why: &str) -> Self {
        Self {
            settled: true,
            result: AttemptResult::Refused,
            reason: Some(why.to_owned()),
            ..self
        }
    }

    /// The result of an attempt that a dead sender began. It is sent again at once, if it is: the former sender is gone.
    /// If this sender dies too before the new attempt begins, the row tells the next sender to resend.
    pub fn lost(self, is_resent: bool, at: DateTime<Utc>) -> Self {
        Self {
            settled: true,
            result: AttemptResult::Uncertain,
            reason: Some(LOST.to_owned()),
            retry_at: is_resent.then_some(at),
            at,
            ..self
        }
    }
}

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
