//! What a relay's reply makes of a message of the outbox, by the policy of notices.

use chrono::{DateTime, Utc};

use super::policy::{self, Classification, Tried};
use crate::mail::Reply;
use crate::outbox::{CONNECTION_LOST, EXPIRED, Outcome, Tries};

/// What is known of a message after an attempt that began at `began_at`. `others_are_taken` and `others_may_carry`: as in
/// [`Tried`].
pub(crate) fn tried(
    tries: &Tries,
    began_at: DateTime<Utc>,
    (others_are_taken, others_may_carry): (bool, bool),
) -> Tried {
    let number = |count: i32| u32::try_from(count).unwrap_or(0);
    Tried {
        attempt: number(tries.counted) + 1,
        attempts: number(tries.counted) + number(tries.lost) + 1,
        first: tries.first_at.unwrap_or(began_at),
        refused: tries.refused.map(|(count, first)| (number(count), first)),
        others_are_taken,
        others_may_carry,
    }
}

/// Counts an attempt that began at `began_at`, and says what its classified reply makes of the message. `None`: another
/// connection takes it at once.
pub(crate) fn became(
    tries: &mut Tries,
    (classification, reply): (Classification, &Reply),
    began_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Outcome> {
    tries.first_at.get_or_insert(began_at);
    if classification.goes_at_once() {
        tries.lost += 1;
        return None;
    }
    tries.counted += 1;
    let (code, _, _) = reply.parts();
    let reply = said(reply);
    Some(match classification {
        Classification::Sent => Outcome::Sent { reply },
        Classification::Retry { at } => Outcome::Deferred { until: at, reply },
        Classification::Against { at, .. } => {
            if code.is_some_and(|code| code >= 500) {
                let (before, first) = tries.refused.unwrap_or((0, now));
                tries.refused = Some((before + 1, first));
            }
            Outcome::Deferred { until: at, reply }
        }
        Classification::Bounced { reason } => Outcome::Failed {
            reply,
            reason: Some(reason.as_str()),
        },
        Classification::Expired => Outcome::Failed {
            reply,
            reason: Some(EXPIRED),
        },
        // An answer twice is better than none; its Message-ID identifies the duplicate.
        Classification::Uncertain => {
            tries.doubts += 1;
            let doubts = u32::try_from(tries.doubts).unwrap_or(u32::MAX);
            match policy::resend_in(doubts) {
                Some(wait) => Outcome::Deferred {
                    until: now + wait,
                    reply,
                },
                None => Outcome::Uncertain {
                    reply,
                    reason: CONNECTION_LOST,
                },
            }
        }
        Classification::RelayAway | Classification::AnotherRelay => return None,
    })
}

/// The reply as it is kept: `550 5.1.1 no such user`.
fn said(reply: &Reply) -> String {
    let (code, _, text) = reply.parts();
    match code {
        Some(code) => format!("{code} {text}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_660, 0).expect("a moment")
    }

    /// The next attempt of a message with this reply, `minutes` after the first moment.
    fn next(tries: &mut Tries, reply: &Reply, minutes: i64) -> Option<Outcome> {
        let at = now() + TimeDelta::minutes(minutes);
        let tried = tried(tries, at, (false, false));
        let classification = policy::classify(reply, &tried, at, 0.5);
        became(tries, (classification, reply), at, at)
    }

    fn heard(code: u16, text: &str) -> Reply {
        Reply::heard(code, text, None)
    }

    fn deferred(minutes: i64, reply: &str) -> Option<Outcome> {
        Some(Outcome::Deferred {
            until: now() + TimeDelta::minutes(minutes),
            reply: reply.to_owned(),
        })
    }

    #[test]
    fn a_reply_about_the_address_is_final_and_names_its_reason() {
        let mut tries = Tries::default();
        let failed = next(&mut tries, &heard(550, "5.1.1 no such user"), 0);
        let expected = Outcome::Failed {
            reply: "550 5.1.1 no such user".to_owned(),
            reason: Some("user_unknown"),
        };
        assert_eq!((failed, tries.counted), (Some(expected), 1));
    }

    #[test]
    fn a_reply_against_us_keeps_the_message_until_it_was_repeated_for_hours() {
        let mut tries = Tries::default();
        let blocked = heard(554, "5.7.1 blocked using dnsbl.example");
        let said = "554 5.7.1 blocked using dnsbl.example";
        for (n, (at, wait)) in [(0, 2), (2, 30), (32, 120), (152, 240)]
            .into_iter()
            .enumerate()
        {
            assert_eq!(next(&mut tries, &blocked, at), deferred(at + wait, said));
            let refusals = i32::try_from(n + 1).expect("small");
            assert_eq!(tries.refused, Some((refusals, now())));
        }
        let last = next(&mut tries, &blocked, 392);
        let expected = Outcome::Failed {
            reply: said.to_owned(),
            reason: Some("policy"),
        };
        assert_eq!((last, tries.counted), (Some(expected), 5));
    }

    #[test]
    fn a_deferred_message_waits_as_a_notice_does_and_is_given_up_after_three_days() {
        let mut tries = Tries::default();
        let later = heard(450, "4.2.0 later");
        let (mut at, mut waits) = (0, Vec::new());
        let end = loop {
            match next(&mut tries, &later, at) {
                Some(Outcome::Deferred { until, .. }) => {
                    let due = (until - now()).num_minutes();
                    waits.push(due - at);
                    at = due;
                }
                end => break end,
            }
        };
        assert_eq!(waits[..7], [5, 15, 30, 60, 120, 240, 240]);
        assert!(at > 60 * 24 * 2 && at <= 60 * 24 * 3, "{at}");
        let expired = Outcome::Failed {
            reply: "450 4.2.0 later".to_owned(),
            reason: Some(EXPIRED),
        };
        assert_eq!(end, Some(expired));
    }

    #[test]
    fn a_relay_that_is_away_uses_up_no_attempt_until_the_message_is_blamed() {
        let mut tries = Tries::default();
        let away = Reply::Unreachable {
            why: "gone".to_owned(),
        };
        for lost in 1..=5 {
            assert_eq!(next(&mut tries, &away, 0), None);
            assert_eq!((tries.counted, tries.lost), (0, lost));
        }
        assert_eq!(next(&mut tries, &away, 0), deferred(5, "gone"));
    }

    #[test]
    fn a_message_without_an_answer_is_sent_again_three_times() {
        let mut tries = Tries::default();
        let lost = Reply::Unknown {
            why: "gone".to_owned(),
        };
        for (at, wait) in [(0, 1), (1, 15), (16, 60)] {
            assert_eq!(next(&mut tries, &lost, at), deferred(at + wait, "gone"));
        }
        let end = Outcome::Uncertain {
            reply: "gone".to_owned(),
            reason: CONNECTION_LOST,
        };
        assert_eq!(next(&mut tries, &lost, 76), Some(end));
    }
}
