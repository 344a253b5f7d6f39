//! When a sender dies: what the recorded attempts tell the next sender of its batch. An attempt without a result is
//! closed as uncertain.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::attempt::Outcome;
use crate::id::NoticeId;
use crate::notice::{AttemptResult, Notice, NoticeStatus};

/// What the outcomes tell of one notice.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
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

impl History {
    /// Records an attempt that was begun and has no result as uncertain. Returns the row to write; `None`: there is no such
    /// attempt. `is_resent` tells from the number of uncertain attempts whether the notice is sent again.
    pub(crate) fn close_lost_attempt(
        &mut self,
        is_resent: impl FnOnce(u32) -> bool,
        now: DateTime<Utc>,
    ) -> Option<Outcome> {
        let open = self.open.take()?;
        self.doubts += 1;
        let row = open.lost(is_resent(self.doubts), now);
        self.end = end_of(&row);
        self.tried.push(row.clone());
        Some(row)
    }
}

/// What the outcomes tell of a batch.
pub(crate) struct Histories(HashMap<NoticeId, History>);

impl Histories {
    /// Reads rows in the order of notice, attempt, beginning, result.
    pub(crate) fn read(rows: Vec<Outcome>) -> Self {
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
    pub(crate) fn of(&self, notice: &Notice) -> History {
        let mut history = self.0.get(&notice.id).cloned().unwrap_or_default();
        history.tried.retain(|row| row.attempt > notice.attempts);
        // Staff may have made it due earlier than its last result said (`retry_now`).
        let is_current = history.attempts == notice.attempts;
        if let (true, Some((NoticeStatus::Deferred, Some(due))), Some(earlier)) =
            (is_current, &mut history.end, notice.due_at)
        {
            *due = earlier.min(*due);
        }
        history
    }
}

/// The state that a result gives its notice, and when it is tried again; `None`: as it was.
pub(crate) fn end_of(row: &Outcome) -> Option<(NoticeStatus, Option<DateTime<Utc>>)> {
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::id::CampaignId;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_660, 0).expect("a moment")
    }

    fn begun(attempt: i16) -> Outcome {
        Outcome {
            notice_id: NoticeId::from_uuid(uuid::Uuid::nil()),
            attempt,
            settled: false,
            campaign_id: CampaignId::from_uuid(uuid::Uuid::nil()),
            result: AttemptResult::InFlight,
            relay: "relay".to_owned(),
            code: None,
            enhanced: None,
            reply: None,
            reason: None,
            retry_at: None,
            at: now() + TimeDelta::minutes(attempt.into()),
        }
    }

    fn ended(attempt: i16, result: AttemptResult, code: Option<i16>) -> Outcome {
        Outcome {
            settled: true,
            result,
            code,
            retry_at: Some(now()),
            ..begun(attempt)
        }
    }

    fn history(rows: Vec<Outcome>) -> History {
        let histories = Histories::read(rows);
        let id = NoticeId::from_uuid(uuid::Uuid::nil());
        histories.0.get(&id).cloned().unwrap_or_default()
    }

    #[test]
    fn attempts_before_which_nothing_was_sent_count_for_no_policy() {
        use AttemptResult::{Cancelled, Deferred, Unreachable};
        let of = history(vec![
            begun(1),
            ended(1, Unreachable, None),
            begun(2),
            ended(2, Cancelled, None),
            begun(3),
            ended(3, Deferred, Some(554)),
            begun(4),
            ended(4, Deferred, Some(450)),
        ]);
        assert_eq!((of.attempts, of.tries, of.doubts), (4, 2, 0));
        let refused_at = now() + TimeDelta::minutes(3);
        assert_eq!(of.refused, Some((1, refused_at)), "one 5xx was not final");
        assert_eq!(of.first_tried, Some(now() + TimeDelta::minutes(1)));
    }

    #[test]
    fn an_attempt_that_a_dead_sender_left_open_is_uncertain_and_resent_if_the_campaign_says_so() {
        for (is_resent, status) in [
            (true, NoticeStatus::Deferred),
            (false, NoticeStatus::Uncertain),
        ] {
            let mut of = history(vec![begun(1)]);
            let row = of.close_lost_attempt(|doubts| is_resent && doubts == 1, now());
            let row = row.expect("a row to write");
            assert_eq!((row.settled, row.result), (true, AttemptResult::Uncertain));
            assert_eq!(row.retry_at, is_resent.then(now));
            assert_eq!(of.end.map(|(status, _)| status), Some(status));
            assert_eq!((of.doubts, of.tried.len()), (1, 1));
            assert!(
                of.close_lost_attempt(|_| true, now()).is_none(),
                "it is closed"
            );
        }
    }
}
