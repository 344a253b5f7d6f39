//! What a relay's reply means for a notice: the whole retry policy, pure.
//!
//! Decided by what was said, not by the first digit: a 5xx may condemn the address, the letter, or
//! us. The tests at the end are the policy in examples.

use chrono::{DateTime, TimeDelta, Utc};

use crate::mail::Reply;

use BounceReason::{Policy, RelayDenied};
use HoldReason::{Blocked, NotPermitted, RateLimited};
use reading::{Meaning::*, asked_to_wait, meaning};

mod reading;
mod reason;

pub use reason::{BounceReason, HoldReason};

/// Minutes to wait after the first, second … attempt; the last stands for all later ones.
const DELAYS: [i64; 6] = [5, 15, 30, 60, 120, 240];
/// Minutes to wait before sending again what may have been sent, after the first, second … such end.
const RESENDS: [i64; 3] = [1, 15, 60];
/// A notice is not tried for longer than this.
const MAX_AGE: TimeDelta = TimeDelta::days(3);
/// How long before a relay that was away is tried again.
const AWAY: TimeDelta = TimeDelta::seconds(30);
/// Attempts after which a reply against us is put down to the notice: were it us, the notices
/// sent since would have met it too, and one strange mailbox must not hold a relay for ever.
const BENEFIT_OF_DOUBT: u32 = 3;

/// So often a relay may go away while it has the same notice in hand.
const COINCIDENCES: u32 = 5;

/// What happens to the notice next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The relay has it.
    Sent,
    /// Wait and try again.
    Retry {
        /// Not before this moment.
        at: DateTime<Utc>,
    },
    /// Final: this notice cannot reach this address by e-mail.
    Bounced {
        /// Why.
        reason: BounceReason,
    },
    /// Final: it was put off for three days.
    Expired,
    /// The relay's trouble alone: the notice waits and no attempt counts.
    RelayAway {
        /// When to try the relay again.
        retry_in: TimeDelta,
    },
    /// Perhaps sent: the campaign's policy decides, never a retry by itself.
    Uncertain,
    /// The reply is against the relay or the campaign: nothing more goes out through it for a
    /// while. The attempt counts; the notice is tried again afterwards.
    HoldRelay {
        /// Why.
        reason: HoldReason,
        /// For how long.
        lasting: TimeDelta,
    },
}

impl HoldReason {
    /// A rate recovers by itself; the rest as a rule waits for a human.
    fn lasting(self) -> TimeDelta {
        TimeDelta::minutes(if self == RateLimited { 5 } else { 30 })
    }

    /// What the notice bounces with when the doubt is used up.
    fn as_bounce(self) -> BounceReason {
        match self {
            NotPermitted => RelayDenied,
            HoldReason::ContentRefused => BounceReason::ContentRefused,
            _ => Policy,
        }
    }
}

/// Decides. `attempt` counts from 1 and includes the one just made; `jitter` is a random number
/// in `0..1` that spreads retries by ±20 %.
pub fn decide(
    reply: &Reply,
    attempt: u32,
    first_tried: DateTime<Utc>,
    now: DateTime<Utc>,
    jitter: f64,
) -> Verdict {
    let spread = |delay: TimeDelta| scaled(delay, 0.8 + 0.4 * jitter.clamp(0.0, 1.0));
    let later = |text: &str| {
        let at = now
            + match asked_to_wait(text) {
                // Never sooner than asked.
                Some(delay) => scaled(delay, 1.0 + 0.2 * jitter.clamp(0.0, 1.0)),
                None => spread(delay_after(attempt)),
            };
        if at - first_tried > MAX_AGE {
            Verdict::Expired
        } else {
            Verdict::Retry { at }
        }
    };
    let hold = |reason: HoldReason, text: &str| {
        let lasting = asked_to_wait(text).unwrap_or(reason.lasting());
        Verdict::HoldRelay { reason, lasting }
    };
    let doubtful = attempt <= BENEFIT_OF_DOUBT;
    match reply {
        Reply::Accepted { .. } => Verdict::Sent,
        Reply::Unknown { .. } => Verdict::Uncertain,
        Reply::Unreachable { .. } => Verdict::RelayAway {
            retry_in: spread(AWAY),
        },
        Reply::Refused {
            code,
            enhanced,
            text,
        } => match meaning(*code, enhanced.as_deref(), text) {
            Address(reason) => Verdict::Bounced { reason },
            Us(reason) if doubtful => hold(reason, text),
            Us(reason) => Verdict::Bounced {
                reason: reason.as_bounce(),
            },
            Wait => later(text),
        },
        Reply::Deferred {
            code,
            enhanced,
            text,
        } => match meaning(*code, enhanced.as_deref(), text) {
            Us(reason @ (Blocked | RateLimited)) if doubtful => hold(reason, text),
            _ if *code == Some(421) && now - first_tried <= MAX_AGE => Verdict::RelayAway {
                retry_in: spread(AWAY),
            },
            _ => later(text),
        },
    }
}

/// What a verdict is after so many attempts of any kind: a relay that goes away whenever this notice comes is
/// put down to the notice, which then waits by itself and holds nobody up.
pub fn in_doubt(
    verdict: Verdict,
    attempts: u32,
    first_tried: DateTime<Utc>,
    now: DateTime<Utc>,
    jitter: f64,
) -> Verdict {
    match (verdict, attempts.checked_sub(COINCIDENCES)) {
        (Verdict::RelayAway { .. }, Some(attempt @ 1..)) => {
            let at = now + scaled(delay_after(attempt), 0.8 + 0.4 * jitter.clamp(0.0, 1.0));
            if at - first_tried > MAX_AGE {
                Verdict::Expired
            } else {
                Verdict::Retry { at }
            }
        }
        (verdict, _) => verdict,
    }
}

/// How long before a notice is sent again that ended in doubt so many times; `None`: no more. A mailbox that drops
/// every connection once it has the message would otherwise receive it for ever.
pub fn resend_in(doubts: u32) -> Option<TimeDelta> {
    let wait = RESENDS.get(usize::try_from(doubts.saturating_sub(1)).ok()?)?;
    Some(TimeDelta::minutes(*wait))
}

fn delay_after(attempt: u32) -> TimeDelta {
    let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    TimeDelta::minutes(DELAYS[step.min(DELAYS.len() - 1)])
}

fn scaled(delay: TimeDelta, factor: f64) -> TimeDelta {
    let millis = (delay.num_milliseconds() as f64 * factor) as i64;
    TimeDelta::milliseconds(millis)
}

#[cfg(test)]
mod tests {
    use super::BounceReason::*;
    use super::HoldReason::{Protocol, SenderRefused};
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_000 + seconds, 0).expect("a moment")
    }

    /// The verdict on a reply to the first attempt, without jitter.
    fn on(code: u16, text: &str) -> Verdict {
        decide(&Reply::heard(code, text, None), 1, at(0), at(0), 0.5)
    }

    fn retry(minutes: i64) -> Verdict {
        Verdict::Retry {
            at: at(minutes * 60),
        }
    }

    #[test]
    fn what_condemns_the_address() {
        for (code, text, reason) in [
            (
                550,
                "5.1.1 <x@y>: Recipient address rejected: User unknown",
                UserUnknown,
            ),
            (550, "No such user here", UserUnknown),
            (550, "5.7.1 user unknown", UserUnknown),
            (
                550,
                "5.5.0 Requested action not taken: mailbox unavailable",
                UserUnknown,
            ),
            (
                550,
                "5.2.1 The email account that you tried to reach is disabled",
                MailboxDisabled,
            ),
            (552, "5.2.2 Over quota", MailboxFull),
            (552, "", MailboxFull),
            (552, "5.3.4 Message size exceeds fixed limit", MessageTooBig),
            (551, "User not local", Moved),
            (550, "5.1.2 Host unknown", HostUnknown),
            (556, "5.1.10 Recipient address has null MX", HostUnknown),
            (553, "5.6.7 needs SMTPUTF8", NeedsSmtputf8),
            (
                550,
                "5.7.1 RESOLVER.RST.AuthRequired; authentication required",
                Policy,
            ),
            (554, "Transaction failed", Unexplained),
        ] {
            assert_eq!(on(code, text), Verdict::Bounced { reason }, "{code} {text}");
        }
    }

    #[test]
    fn what_holds_the_relay() {
        for (code, text, reason) in [
            (
                554,
                "5.7.1 Client host rejected: blocked using dnsbl.example",
                Blocked,
            ),
            (
                550,
                "5.7.26 Unauthenticated email is not accepted: DMARC",
                Blocked,
            ),
            (550, "5.7.1", Blocked),
            (550, "Message rejected as spam", Blocked),
            (421, "4.7.0 unusual rate of unsolicited mail", RateLimited),
            (451, "4.7.500 too many messages", RateLimited),
            (
                550,
                "5.1.8 Sender address rejected: Domain not found",
                SenderRefused,
            ),
            (554, "5.7.1 <x@y>: Relay access denied", NotPermitted),
            (530, "5.7.0 Authentication required", NotPermitted),
            (554, "5.7.1 Virus found", HoldReason::ContentRefused),
            (501, "5.5.4 Syntax error in parameters", Protocol),
        ] {
            let lasting = reason.lasting();
            assert_eq!(
                on(code, text),
                Verdict::HoldRelay { reason, lasting },
                "{code} {text}"
            );
        }
    }

    #[test]
    fn what_passes_by_itself() {
        for (code, text, minutes) in [
            (450, "4.2.0 Greylisted, see http://postgrey.example/", 5),
            (
                451,
                "4.7.1 Greylisting in action, please come back in 00:08:00",
                8,
            ),
            (450, "4.7.1 Greylisted for 10 minutes", 10),
            (451, "Try again in 600 seconds.", 10),
            (451, "try again in 3 seconds", 1),
            (451, "try again after 99 hours", 240),
            (452, "4.2.2 Mailbox full", 5),
            (450, "4.1.1 User unknown in local table", 5),
            (451, "4.4.3 Temporary lookup failure", 5),
            (450, "", 5),
            (451, "4.7.1 Service unavailable - try again later", 5),
        ] {
            let asked = minutes != 5;
            // With jitter 0.5 a delay of ours is exact, one that was asked for is 10 % longer.
            let expected = if asked {
                Verdict::Retry {
                    at: at(minutes * 66),
                }
            } else {
                retry(minutes)
            };
            assert_eq!(on(code, text), expected, "{code} {text}");
        }
    }

    #[test]
    fn what_says_nothing_about_the_notice() {
        let away = Verdict::RelayAway { retry_in: AWAY };
        assert_eq!(on(421, "4.3.2 Service shutting down"), away);
        let lost = Reply::Unreachable { why: "gone".into() };
        assert_eq!(decide(&lost, 9, at(0), at(400_000), 0.5), away);
        assert_eq!(
            decide(&Reply::Unknown { why: "gone".into() }, 1, at(0), at(0), 0.5),
            Verdict::Uncertain
        );
        assert_eq!(on(250, "2.0.0 queued"), Verdict::Sent);
    }

    #[test]
    fn a_notice_that_drives_the_relay_away_waits_alone() {
        let away = Verdict::RelayAway { retry_in: AWAY };
        let after = |attempts, now| in_doubt(away, attempts, at(0), at(now), 0.5);
        assert_eq!(after(5, 0), away);
        assert_eq!(after(6, 0), retry(5));
        assert_eq!(after(7, 0), retry(15));
        assert_eq!(after(20, 3 * 86_400 - 60), Verdict::Expired);
        assert_eq!(in_doubt(Verdict::Sent, 9, at(0), at(0), 0.5), Verdict::Sent);
    }

    #[test]
    fn what_may_have_arrived_is_sent_again_three_times_at_most() {
        let waits: Vec<_> = (1..=5).map(resend_in).collect();
        let minutes = |n| Some(TimeDelta::minutes(n));
        assert_eq!(waits, [minutes(1), minutes(15), minutes(60), None, None]);
    }

    #[test]
    fn delays_grow_then_the_notice_expires() {
        let busy = Reply::heard(450, "4.2.1 busy", None);
        let after = |attempt| decide(&busy, attempt, at(0), at(0), 0.5);
        assert_eq!(
            (1..=8).map(after).collect::<Vec<_>>(),
            [5, 15, 30, 60, 120, 240, 240, 240].map(retry)
        );
        assert_eq!(decide(&busy, 1, at(0), at(0), 0.0), retry(4));
        assert_eq!(decide(&busy, 1, at(0), at(0), 1.0), retry(6));
        assert_eq!(
            decide(&busy, 20, at(0), at(3 * 86_400 - 60), 0.5),
            Verdict::Expired
        );
    }

    #[test]
    fn one_mailbox_cannot_hold_a_relay_for_ever() {
        let blocked = Reply::heard(550, "5.7.1 blocked", None);
        assert!(matches!(
            decide(&blocked, 3, at(0), at(9), 0.5),
            Verdict::HoldRelay { .. }
        ));
        assert_eq!(
            decide(&blocked, 4, at(0), at(9), 0.5),
            Verdict::Bounced { reason: Policy }
        );
        let throttled = Reply::heard(421, "4.7.0 too many messages", None);
        assert_eq!(
            decide(&throttled, 4, at(0), at(0), 0.5),
            Verdict::RelayAway { retry_in: AWAY }
        );
    }
}
