//! What a classified reply says of the relay that gave it.

use chrono::TimeDelta;

use super::{Classification, HoldReason};
use crate::mail::Reply;

/// What a classified reply says of the relay that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The connection was lost.
    Lost {
        /// The text had been sent: the message may have arrived.
        after_text: bool,
    },
    /// It refuses us, or in words that no rule understands.
    Against {
        /// Why.
        reason: HoldReason,
        /// For how long a provider or relay is held for it.
        lasting: TimeDelta,
    },
    /// It takes messages, or refuses an address.
    Takes,
    /// It defers.
    Defers,
    /// Nothing.
    None,
}

impl Classification {
    /// What the classified reply says of the relay that gave it.
    pub fn evidence(self, reply: &Reply) -> Evidence {
        match (self, reply) {
            (_, Reply::Unreachable { .. }) | (Self::RelayAway, _) => {
                Evidence::Lost { after_text: false }
            }
            (Self::Uncertain, _) => Evidence::Lost { after_text: true },
            (
                Self::Against {
                    reason, lasting, ..
                },
                _,
            ) => Evidence::Against { reason, lasting },
            (Self::Sent | Self::Bounced { .. }, _) => Evidence::Takes,
            (Self::Retry { .. } | Self::Expired, _) => Evidence::Defers,
            (Self::AnotherRelay, _) => Evidence::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::super::{Tried, classify, decide};
    use super::*;
    use Classification::RelayAway;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_000 + seconds, 0).expect("a moment")
    }

    fn retry(minutes: i64) -> Classification {
        Classification::Retry {
            at: at(minutes * 60),
        }
    }

    #[test]
    fn a_reply_says_something_about_its_relay() {
        let away = Reply::Unreachable {
            why: "gone".to_owned(),
        };
        let lost = Reply::Unknown {
            why: "gone".to_owned(),
        };
        let heard = |code, text| Reply::heard(code, text, None);
        let lasting = TimeDelta::minutes(30);
        let blocked = Evidence::Against {
            reason: HoldReason::Blocked,
            lasting,
        };
        for (reply, evidence) in [
            (heard(250, "2.0.0 Ok"), Evidence::Takes),
            (heard(550, "5.1.1 no such user"), Evidence::Takes),
            (heard(450, "4.3.0 later"), Evidence::Defers),
            (heard(554, "5.7.1 blocked using dnsbl.example"), blocked),
            (
                heard(421, "4.3.2 closing"),
                Evidence::Lost { after_text: false },
            ),
            (away, Evidence::Lost { after_text: false }),
            (lost, Evidence::Lost { after_text: true }),
        ] {
            let classification = decide(&reply, 1, at(0), at(0), 0.5);
            assert_eq!(classification.evidence(&reply), evidence, "{reply:?}");
        }
    }

    #[test]
    fn a_message_at_which_the_relay_goes_away_each_time_is_blamed_and_says_nothing_else_about_it() {
        let reply = Reply::Unreachable {
            why: "gone".to_owned(),
        };
        let tried = |attempts| Tried {
            attempt: 1,
            attempts,
            first: at(0),
            refused: None,
            others_are_taken: false,
            others_may_carry: false,
        };
        assert_eq!(classify(&reply, &tried(5), at(0), 0.5), RelayAway);
        let blamed = classify(&reply, &tried(6), at(0), 0.5);
        assert_eq!(blamed, retry(5));
        assert_eq!(
            blamed.evidence(&reply),
            Evidence::Lost { after_text: false }
        );
    }
}
