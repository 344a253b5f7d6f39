//! What a decision about a copy says of one notice: whether it left after the copy was taken.

use chrono::{DateTime, Utc};

use super::relay_log::{Fate, Logged, MessageKey, RelayLog};
use crate::delivery::letter::message_key;
use crate::delivery::policy::{self, Classification};
use crate::id::{NoticeId, PersonId};
use crate::notice::AttemptResult;

/// Why an outcome was written.
pub const REASON: &str = "the database was put back to an older state";

/// The decision about messages that left after the copy was taken.
#[derive(Debug)]
pub enum Choice {
    /// Nothing did: the database was moved, or nothing was lost.
    Nothing,
    /// Unknown.
    Unknown,
    /// What the logs of all relays say did, and nothing else.
    Logged(RelayLog),
}

/// An unsettled notice with what its outcomes say.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The notice.
    pub id: NoticeId,
    /// The recipient.
    pub person: PersonId,
    /// Its latest attempt.
    pub attempt: i16,
    /// The result of that attempt; in flight if it is unknown, `None` without an attempt.
    pub result: Option<AttemptResult>,
    /// The relay; empty without an attempt.
    pub relay: String,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Attempts that ended uncertain.
    pub doubts: i64,
}

/// What is written of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Which attempt ends.
    pub attempt: i16,
    /// How.
    pub result: AttemptResult,
    /// The reply code.
    pub code: Option<i16>,
    /// The enhanced status code.
    pub enhanced: Option<String>,
    /// In words.
    pub reply: String,
    /// Why.
    pub reason: String,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// The time of the decision and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    /// About when the copy was taken.
    pub copied_at: DateTime<Utc>,
    /// Since when the copy is held: the lost database sent nothing after it.
    pub held_at: DateTime<Utc>,
    /// The present time.
    pub now: DateTime<Utc>,
}

impl Latest {
    /// Whether its end is known, and only not settled.
    pub fn is_over(&self) -> bool {
        match self.result {
            Some(AttemptResult::Accepted | AttemptResult::Refused | AttemptResult::Expired) => true,
            Some(AttemptResult::Uncertain) => self.retry_at.is_none(),
            _ => false,
        }
    }

    /// Whether an attempt was under way when the copy was taken.
    pub fn is_open(&self) -> bool {
        self.result == Some(AttemptResult::InFlight)
    }

    /// The attempt that the lost database may have made.
    fn lost_attempt(&self) -> i16 {
        match self.is_open() {
            true => self.attempt,
            false => self.attempt + 1,
        }
    }

    fn end(&self, result: AttemptResult, reply: &str, at: DateTime<Utc>) -> End {
        End {
            attempt: self.lost_attempt(),
            result,
            code: None,
            enhanced: None,
            reply: reply.to_owned(),
            reason: REASON.to_owned(),
            retry_at: None,
            at,
        }
    }

    /// It may have left. `again`: such notices are resent, with the same limit as other uncertain ones.
    fn uncertain(&self, again: bool, gap: Gap) -> End {
        let doubts = u32::try_from(self.doubts + 1).unwrap_or(u32::MAX);
        let again = again && policy::resend_in(doubts).is_some();
        End {
            retry_at: again.then_some(gap.now),
            ..self.end(
                AttemptResult::Uncertain,
                "it may have been sent after the copy of the database was taken",
                gap.now,
            )
        }
    }

    fn logged(&self, logged: &Logged, again: bool, gap: Gap) -> End {
        // Clocks of relays differ, and some logs do not say the zone of their times.
        let at = logged.at.unwrap_or(gap.held_at);
        let at = at.max(gap.copied_at).min(gap.held_at.max(gap.copied_at));
        match &logged.fate {
            Fate::Begun => self.uncertain(again, gap),
            Fate::Taken { words } => End {
                code: Some(250),
                ..self.end(AttemptResult::Accepted, words, at)
            },
            Fate::Returned { reply } => {
                let (code, enhanced, words) = reply.parts();
                let classification = policy::decide(reply, 1, at, at, 0.5);
                let Classification::Bounced { reason } = classification else {
                    // Not for the address: it did not arrive, and is tried again.
                    return self.end(AttemptResult::Cancelled, words, at);
                };
                End {
                    code: code.and_then(|code| i16::try_from(code).ok()),
                    enhanced: enhanced.map(ToOwned::to_owned),
                    reason: reason.as_str().to_owned(),
                    ..self.end(AttemptResult::Refused, words, at)
                }
            }
        }
    }
}

impl Choice {
    /// What is said of a notice's message, under its Message-ID or that of an older version of Candor.
    pub fn of(&self, key: &MessageKey, id: NoticeId) -> Option<&Logged> {
        let Self::Logged(log) = self else { return None };
        log.of(key).or_else(|| log.of(id.uuid().as_bytes()))
    }

    /// What is to be written of a notice of this campaign; `None`: nothing, it is sent as if there had been no copy.
    pub fn end(
        &self,
        campaign: crate::id::CampaignId,
        of: &Latest,
        again: bool,
        gap: Gap,
    ) -> Option<End> {
        if of.is_over() {
            return None;
        }
        match self {
            Self::Nothing => None,
            // It was deferred until after the lost database had ended.
            Self::Unknown if of.retry_at.is_some_and(|at| at > gap.held_at) => None,
            Self::Unknown => Some(of.uncertain(again, gap)),
            Self::Logged(_) => {
                let key = message_key(campaign, of.person);
                match self.of(&key, of.id) {
                    Some(logged) => Some(of.logged(logged, again, gap)),
                    // Begun, and never taken.
                    None if of.is_open() => Some(of.end(
                        AttemptResult::Cancelled,
                        "the relay's log does not know it",
                        gap.now,
                    )),
                    None => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CampaignId;
    use chrono::TimeDelta;

    fn gap() -> Gap {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        Gap {
            copied_at: now - TimeDelta::hours(3),
            held_at: now - TimeDelta::hours(1),
            now,
        }
    }

    fn campaign() -> CampaignId {
        CampaignId::from_uuid(uuid::Uuid::from_u128(7))
    }

    fn latest(result: Option<AttemptResult>) -> Latest {
        Latest {
            id: NoticeId::from_uuid(uuid::Uuid::from_u128(8)),
            person: PersonId::from_uuid(uuid::Uuid::from_u128(9)),
            attempt: i16::from(result.is_some()),
            result,
            relay: String::new(),
            retry_at: None,
            doubts: 0,
        }
    }

    fn log(fate: Option<&str>) -> Choice {
        let key = crate::seal::to_hex(&message_key(campaign(), latest(None).person));
        let line = |rest: &str| format!("2027-01-15T07:30:00Z mx postfix/cleanup[1]: Q: {rest}\n");
        let mut text = line(&format!("message-id=<{key}@a.example>"));
        match fate {
            Some(fate) => text += &line(&format!("to=<x@b.example>, dsn=5.1.1, status={fate}")),
            None => text.clear(),
        }
        let mut log = RelayLog::default();
        log.read(text.as_bytes(), gap().now).expect("in memory");
        Choice::Logged(log)
    }

    fn ended(choice: &Choice, of: &Latest) -> Option<(AttemptResult, i16, bool)> {
        let end = choice.end(campaign(), of, true, gap())?;
        Some((end.result, end.attempt, end.retry_at.is_some()))
    }

    #[test]
    fn what_may_have_left_is_uncertain_and_what_cannot_have_left_is_not() {
        use AttemptResult::*;
        let unknown = Choice::Unknown;
        assert_eq!(ended(&unknown, &latest(None)), Some((Uncertain, 1, true)));
        let open = latest(Some(InFlight));
        assert_eq!(ended(&unknown, &open), Some((Uncertain, 1, true)));
        let deferred = |minutes| Latest {
            retry_at: Some(gap().held_at + TimeDelta::minutes(minutes)),
            ..latest(Some(Deferred))
        };
        assert_eq!(ended(&unknown, &deferred(-1)), Some((Uncertain, 2, true)));
        assert_eq!(ended(&unknown, &deferred(1)), None, "due later");
        for over in [Accepted, Refused, Expired, Uncertain] {
            assert_eq!(ended(&unknown, &latest(Some(over))), None, "{over}");
        }
        let often = Latest {
            doubts: 3,
            ..latest(None)
        };
        assert_eq!(ended(&unknown, &often), Some((Uncertain, 1, false)));
        assert_eq!(ended(&Choice::Nothing, &open), None);
    }

    #[test]
    fn the_log_decides_for_each_notice() {
        use AttemptResult::*;
        let cases = [
            (Some("sent (250 ok)"), None, Some((Accepted, 1, false))),
            (Some("deferred (later)"), None, Some((Accepted, 1, false))),
            (
                Some("bounced (host b said: 550 5.1.1 User unknown)"),
                None,
                Some((Refused, 1, false)),
            ),
            (
                Some("bounced (host b said: 550 5.7.1 Your IP is blocked)"),
                None,
                Some((Cancelled, 1, false)),
            ),
            (None, None, None),
            (None, Some(InFlight), Some((Cancelled, 1, false))),
            (None, Some(Deferred), None),
        ];
        for (fate, result, expected) in cases {
            assert_eq!(
                ended(&log(fate), &latest(result)),
                expected,
                "{fate:?} {result:?}"
            );
        }
        let end = log(Some("sent (250 ok)")).end(campaign(), &latest(None), true, gap());
        let at = end.expect("an end").at;
        assert!(at >= gap().copied_at && at <= gap().held_at);
    }

    #[test]
    fn a_message_id_of_an_older_version_is_found_too() {
        let id = latest(None).id;
        let hex = id.uuid().simple();
        let text = format!(
            "Jan 15 07:30:00 mx postfix/cleanup[1]: Q: message-id=<{hex}@a.example>\n\
             Jan 15 07:30:00 mx postfix/qmgr[1]: Q: from=<x@a.example>, size=1, nrcpt=1 (queue active)\n"
        );
        let mut log = RelayLog::default();
        log.read(text.as_bytes(), gap().now).expect("in memory");
        let end = ended(&Choice::Logged(log), &latest(None));
        assert_eq!(end, Some((AttemptResult::Accepted, 1, false)));
    }
}
