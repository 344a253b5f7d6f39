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
pub const AWAY: TimeDelta = TimeDelta::seconds(30);
/// Minutes to wait after the first, second … permanent refusal that is against us, or that no rule understands.
const REFUSED: [i64; 5] = [2, 30, 120, 240, 240];
/// After so many refusals, the first at least so long ago, one that is against us is put down to the mailbox.
const AGAINST_US: (u32, TimeDelta) = (5, TimeDelta::hours(6));
/// The same of one that no rule understands.
const UNCLEAR: (u32, TimeDelta) = (3, TimeDelta::minutes(30));
/// The same of both while the mailbox's provider takes this relay's mail to others.
const ALONE: (u32, TimeDelta) = (2, TimeDelta::minutes(1));
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
    /// The relay's trouble alone: the notice is sent by another connection, and no attempt counts.
    RelayAway,
    /// Perhaps sent: the campaign's policy decides, never a retry by itself.
    Uncertain,
    /// The reply is against us, or refuses for good in words that no rule understands: the notice waits. If others
    /// of the same provider are refused alike, the provider is held, and if several providers do so, the relay.
    Against {
        /// Why.
        reason: HoldReason,
        /// When the notice is tried again.
        at: DateTime<Utc>,
        /// For how long a provider or relay is held for it.
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
            HoldReason::Unexplained => BounceReason::Unexplained,
            _ => Policy,
        }
    }
}

/// What is known of a notice when its next reply comes.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// Counts from 1 and includes the attempt just made.
    pub attempt: u32,
    /// When the first attempt was made.
    pub first: DateTime<Utc>,
    /// Permanent refusals before this reply that were not final, and when the first of them came.
    pub refused: Option<(u32, DateTime<Utc>)>,
    /// The mailbox's provider takes this relay's mail to others at present.
    pub others_are_taken: bool,
}

impl Tried {
    /// Whether a permanent refusal that leaves a doubt is final now, after so many and so long.
    fn is_final(&self, (refusals, since): (u32, TimeDelta), now: DateTime<Utc>) -> bool {
        self.refused
            .is_some_and(|(before, first)| before + 1 >= refusals && now - first >= since)
    }

    fn refusals(&self) -> u32 {
        self.refused.map_or(0, |(refusals, _)| refusals) + 1
    }
}

/// Decides on a reply of which nothing more is known. `attempt` counts from 1 and includes the one just made;
/// `jitter` is a random number in `0..1` that spreads retries by ±20 %.
pub fn decide(
    reply: &Reply,
    attempt: u32,
    first_tried: DateTime<Utc>,
    now: DateTime<Utc>,
    jitter: f64,
) -> Verdict {
    let tried = Tried {
        attempt,
        first: first_tried,
        refused: None,
        others_are_taken: false,
    };
    decide_after(reply, &tried, now, jitter)
}

/// Decides, with what is known of the notice.
pub fn decide_after(reply: &Reply, tried: &Tried, now: DateTime<Utc>, jitter: f64) -> Verdict {
    let case = Case { tried, now, jitter };
    match reply {
        Reply::Accepted { .. } => Verdict::Sent,
        Reply::Unknown { .. } => Verdict::Uncertain,
        Reply::Unreachable { .. } => Verdict::RelayAway,
        Reply::Refused {
            code,
            enhanced,
            text,
        } => match meaning(*code, enhanced.as_deref(), text) {
            Address(reason) => Verdict::Bounced { reason },
            Us(reason) => case.refused(reason, AGAINST_US, text),
            Unclear => case.refused(HoldReason::Unexplained, UNCLEAR, text),
            Wait => case.later(text),
        },
        Reply::Deferred {
            code,
            enhanced,
            text,
        } => match meaning(*code, enhanced.as_deref(), text) {
            Us(reason @ (Blocked | RateLimited)) if case.is_young() => {
                let lasting = asked_to_wait(text).unwrap_or(reason.lasting());
                let at = now + case.spread(lasting);
                Verdict::Against {
                    reason,
                    at,
                    lasting,
                }
            }
            _ if *code == Some(421) && case.is_young() => Verdict::RelayAway,
            _ => case.later(text),
        },
    }
}

/// One reply, and what bears on it.
struct Case<'a> {
    tried: &'a Tried,
    now: DateTime<Utc>,
    jitter: f64,
}

impl Case<'_> {
    fn is_young(&self) -> bool {
        self.now - self.tried.first <= MAX_AGE
    }

    fn spread(&self, delay: TimeDelta) -> TimeDelta {
        scaled(delay, 0.8 + 0.4 * self.jitter.clamp(0.0, 1.0))
    }

    /// Never sooner than asked.
    fn asked(&self, text: &str) -> Option<TimeDelta> {
        let asked = asked_to_wait(text)?;
        Some(scaled(asked, 1.0 + 0.2 * self.jitter.clamp(0.0, 1.0)))
    }

    fn later(&self, text: &str) -> Verdict {
        let usual = || self.spread(delay_after(self.tried.attempt));
        let at = self.now + self.asked(text).unwrap_or_else(usual);
        match at - self.tried.first > MAX_AGE {
            true => Verdict::Expired,
            false => Verdict::Retry { at },
        }
    }

    /// A permanent refusal that leaves a doubt whether it means this mailbox. It is final only once it is repeated
    /// at a later time: were it us, others would have met it too.
    fn refused(&self, reason: HoldReason, patience: (u32, TimeDelta), text: &str) -> Verdict {
        let alone = self.tried.others_are_taken
            && reason != RateLimited
            && self.tried.is_final(ALONE, self.now);
        if alone || self.tried.is_final(patience, self.now) || !self.is_young() {
            return Verdict::Bounced {
                reason: reason.as_bounce(),
            };
        }
        let step = usize::try_from(self.tried.refusals() - 1).unwrap_or(usize::MAX);
        let usual = TimeDelta::minutes(REFUSED[step.min(REFUSED.len() - 1)]);
        let at = self.now + self.asked(text).unwrap_or_else(|| self.spread(usual));
        let lasting = asked_to_wait(text).unwrap_or(reason.lasting());
        Verdict::Against {
            reason,
            at,
            lasting,
        }
    }
}

/// What makes two refusals the same: the reason, or the words where no rule understands them.
pub fn gist(reason: HoldReason, text: &str) -> String {
    match reason {
        HoldReason::Unexplained => reading::gist(text),
        reason => reason.as_str().to_owned(),
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
        (Verdict::RelayAway, Some(attempt @ 1..)) => {
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
    use Verdict::RelayAway;

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
            (550, "", Unexplained),
            (551, "second line with another code", Moved),
            (552, "5.1.1 <x@y> is over quota", MailboxFull),
            (550, "sorry, no mailbox here by that name (#5.1.1)", UserUnknown),
            (550, "The recipient account is blocked", MailboxDisabled),
            (571, "delivery not authorised for this mailbox", Policy),
            (550, "5.1.1 User unknown; see our policy", UserUnknown),
            (552, "5.2.2 mailbox size limit exceeded", MailboxFull),
        ] {
            assert_eq!(on(code, text), Verdict::Bounced { reason }, "{code} {text}");
        }
    }

    #[test]
    fn what_is_against_us() {
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
            (
                550,
                "Message rejected as spam",
                HoldReason::ContentRefused,
            ),
            (571, "message content declined", HoldReason::ContentRefused),
            (
                550,
                "5.1.8 Sender address rejected: Domain not found",
                SenderRefused,
            ),
            (554, "5.7.1 <x@y>: Relay access denied", NotPermitted),
            (530, "5.7.0 Authentication required", NotPermitted),
            (554, "5.7.1 Virus found", HoldReason::ContentRefused),
            (501, "5.5.4 Syntax error in parameters", Protocol),
            (500, "line limit exceeded", Protocol),
            // The words say more than the code.
            (550, "5.1.1 <x@y> too many recipients this hour", RateLimited),
            (550, "5.2.1 <x@y> your IP is blacklisted", Blocked),
            (554, "daily relay quota", RateLimited),
            (550, "5.1.1 192.0.2.1 is listed on bl.example", Blocked),
            (550, "found on one or more DNSBLs", Blocked),
            (554, "Host network not allowed", Blocked),
            (550, "sender IP mismatch", Blocked),
            // No rule knows these words.
            (554, "Transaction failed", HoldReason::Unexplained),
            (553, "Ihre Nachricht wollen wir nicht", HoldReason::Unexplained),
            (542, "<x@y> Rejected", HoldReason::Unexplained),
            (550, "Absender steht auf unserer Sperrliste", HoldReason::Unexplained),
        ] {
            let against = Verdict::Against {
                reason,
                at: at(2 * 60),
                lasting: reason.lasting(),
            };
            assert_eq!(on(code, text), against, "{code} {text}");
        }
        for (code, text) in [
            (421, "4.7.0 unusual rate of unsolicited mail"),
            (451, "4.7.500 too many messages"),
        ] {
            let against = Verdict::Against {
                reason: RateLimited,
                at: at(5 * 60),
                lasting: TimeDelta::minutes(5),
            };
            assert_eq!(on(code, text), against, "{code} {text}");
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
            (554, "4.4.7 Message expired", 5),
            (550, "user bob is temporarily locked", 5),
            (550, "5.2.1 The user is receiving mail at a rate that prevents more", 5),
            (600, "what", 5),
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
        let away = RelayAway;
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
        let away = RelayAway;
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

    /// The verdict on each of several refusals in the same words, each when the one before it asked for.
    fn repeated(code: u16, text: &str, others_are_taken: bool) -> (Vec<i64>, Verdict) {
        let reply = Reply::heard(code, text, None);
        let (mut now, mut waits, mut refused) = (at(0), Vec::new(), None);
        for attempt in 1.. {
            let tried = Tried {
                attempt,
                first: at(0),
                refused,
                others_are_taken,
            };
            match decide_after(&reply, &tried, now, 0.5) {
                Verdict::Against { at, .. } => {
                    waits.push((at - now).num_minutes());
                    refused = Some((attempt, refused.map_or(now, |(_, first)| first)));
                    now = at;
                }
                last => return (waits, last),
            }
        }
        unreachable!("it ends")
    }

    #[test]
    fn a_refusal_that_may_mean_us_is_final_only_once_it_is_repeated_later() {
        let bounced = |reason| Verdict::Bounced { reason };
        let unclear = "nichts da";
        assert_eq!(
            repeated(550, unclear, false),
            (vec![2, 30], bounced(Unexplained))
        );
        assert_eq!(
            repeated(550, "5.7.1 blocked", false),
            (vec![2, 30, 120, 240], bounced(Policy))
        );
        // Others of the same provider are taken meanwhile: it is this mailbox.
        assert_eq!(repeated(550, unclear, true), (vec![2], bounced(Unexplained)));
        assert_eq!(
            repeated(571, "message content declined", true),
            (vec![2], bounced(ContentRefused))
        );
        // A rate says nothing about a mailbox.
        let (waits, _) = repeated(550, "too many messages", true);
        assert_eq!(waits, [2, 30, 120, 240]);
    }

    #[test]
    fn the_same_words_are_the_same_refusal() {
        let of = |text| gist(HoldReason::Unexplained, text);
        assert_eq!(of("5.0.0 *** Nope, id 4711/a1"), of("5.0.0 *** nope, ID 17/b2"));
        assert_ne!(of("nope"), of("no room"));
        assert_eq!(gist(Blocked, "one"), gist(Blocked, "another"));
    }
}
