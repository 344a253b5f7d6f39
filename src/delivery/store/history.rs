//! What the outcomes tell of a batch that another sender had before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::outcome::Outcome;
use crate::id::NoticeId;
use crate::notice::{AttemptResult, Notice, NoticeStatus};

/// What the outcomes tell of one notice.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Attempts written, of any kind.
    pub attempts: i16,
    /// Attempts that count for the retry policy.
    pub tries: u32,
    /// Attempts that ended uncertain.
    pub doubts: u32,
    /// Permanent refusals that were not final, and when the first of them came.
    pub refused: Option<(u32, DateTime<Utc>)>,
    /// When it was first tried.
    pub first_tried: Option<DateTime<Utc>>,
    /// When the last attempt began.
    pub last_tried: Option<DateTime<Utc>>,
    /// An attempt that was begun and has no result.
    pub open: Option<Outcome>,
    /// The state its last result gives it.
    pub end: Option<(NoticeStatus, Option<DateTime<Utc>>)>,
    /// Results that are not in the tally yet.
    pub tried: Vec<Outcome>,
}

/// What the outcomes tell of a batch.
pub struct Histories(HashMap<NoticeId, History>);

impl Histories {
    /// Reads rows in the order of notice, attempt, beginning, result.
    pub fn read(rows: Vec<Outcome>) -> Self {
        let mut histories: HashMap<NoticeId, History> = HashMap::new();
        for row in rows {
            let history = histories.entry(row.notice_id).or_default();
            history.attempts = history.attempts.max(row.attempt);
            if row.settled {
                history.open = None;
                history.tries += u32::from(!matches!(
                    row.result,
                    AttemptResult::Unreachable | AttemptResult::Cancelled
                ));
                history.doubts += u32::from(row.result == AttemptResult::Uncertain);
                if row.result == AttemptResult::Deferred && row.code.is_some_and(|code| code >= 500)
                {
                    let (before, first) = history.refused.unwrap_or((0, row.at));
                    history.refused = Some((before + 1, first));
                }
                history.end = end_of(&row);
                history.tried.push(row);
            } else {
                history.first_tried.get_or_insert(row.at);
                history.last_tried = Some(row.at);
                history.open = Some(row);
            }
        }
        Self(histories)
    }

    /// The history of one notice. Results of attempts that the notice's row already counts are in the tally, and left
    /// out of `tried`.
    pub fn of(&self, notice: &Notice) -> History {
        let mut history = self.0.get(&notice.id).cloned().unwrap_or_default();
        history.tried.retain(|row| row.attempt > notice.attempts);
        history
    }
}

/// The state that a result gives its notice, and when it is tried again; `None`: as it was.
pub fn end_of(row: &Outcome) -> Option<(NoticeStatus, Option<DateTime<Utc>>)> {
    match row.result {
        AttemptResult::Accepted => Some((NoticeStatus::Sent, None)),
        AttemptResult::Refused => Some((NoticeStatus::Bounced, None)),
        AttemptResult::Expired => Some((NoticeStatus::Expired, None)),
        AttemptResult::Deferred | AttemptResult::Unreachable => {
            Some((NoticeStatus::Deferred, row.retry_at))
        }
        AttemptResult::Uncertain if row.retry_at.is_some() => {
            Some((NoticeStatus::Deferred, row.retry_at))
        }
        AttemptResult::Uncertain => Some((NoticeStatus::Uncertain, None)),
        AttemptResult::Cancelled | AttemptResult::InFlight => None,
    }
}
