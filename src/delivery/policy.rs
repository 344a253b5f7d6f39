//! What a relay's reply means for a message, be it a notice or a message of the outbox: the whole retry policy, pure.
//!
//! Decided by what was said, not by the first digit: a 5xx may condemn the address, the letter, or
//! us. Its tests are the policy in examples.

use chrono::{DateTime, TimeDelta, Utc};

use crate::campaign::UncertainPolicy;
use crate::mail::Reply;

use BounceReason::{MessageTooBig, NeedsSmtputf8, Policy, RelayDenied};
use HoldReason::{Blocked, NotPermitted, RateLimited};
use reading::{Meaning::*, asked_to_wait, meaning};

mod evidence;
mod reading;
mod reason;

pub use evidence::Evidence;
pub use reason::{BounceReason, HoldReason, RelayHold};

/// Minutes to wait after the first, second … attempt; the last stands for all later ones.
const DELAYS: [i64; 6] = [5, 15, 30, 60, 120, 240];
/// Minutes to wait before sending again what may have been sent, after the first, second … such end.
const RESENDS: [i64; 3] = [1, 15, 60];
/// A notice is not tried for longer than this.
const MAX_AGE: TimeDelta = TimeDelta::days(3);
/// Minutes to wait after the first, second … permanent refusal that is against us, or that no rule understands.
const REFUSED: [i64; 5] = [2, 30, 120, 240, 240];
/// After this many refusals, the first at least this long ago, a refusal against us is blamed on the mailbox.
const AGAINST_US: (u32, TimeDelta) = (5, TimeDelta::hours(6));
/// The same of one that no rule understands.
const UNCLEAR: (u32, TimeDelta) = (3, TimeDelta::minutes(30));
/// The same of both while the mailbox's provider takes this relay's mail to others.
const ALONE: (u32, TimeDelta) = (2, TimeDelta::minutes(1));
/// After this many connection losses on one notice, the notice is blamed instead of the relay.
const COINCIDENCES: u32 = 5;

/// What happens to the notice next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classification {
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
    /// Final: it was deferred for three days.
    Expired,
    /// The relay's trouble alone: the notice is sent by another connection, and no attempt counts.
    RelayAway,
    /// This relay lacks what the letter needs: another one takes the notice, and no attempt counts.
    AnotherRelay,
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

impl Classification {
    /// Nothing of the message was sent, and no attempt counts: another connection takes it at once.
    pub fn goes_at_once(self) -> bool {
        matches!(self, Self::RelayAway | Self::AnotherRelay)
    }

    /// The connection was lost: the relay may be about to go away.
    pub fn is_lost(self) -> bool {
        matches!(self, Self::RelayAway | Self::Uncertain)
    }

    /// Whether the reply was against us.
    pub fn is_against(self) -> bool {
        matches!(self, Self::Against { .. })
    }
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

/// What is known of a message when its next reply comes.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// The number of attempts that count, from 1, with the one just made.
    pub attempt: u32,
    /// The same of attempts of any kind.
    pub attempts: u32,
    /// When the first attempt was made.
    pub first: DateTime<Utc>,
    /// Permanent refusals before this reply that were not final, and when the first of them came.
    pub refused: Option<(u32, DateTime<Utc>)>,
    /// The mailbox's provider takes this relay's mail to others at present.
    pub others_are_taken: bool,
    /// Another relay may carry what this one cannot.
    pub others_may_carry: bool,
}

impl Tried {
    /// Whether a permanent refusal that leaves a doubt is final after these refusals: their number, and the time since
    /// the first.
    fn is_final(&self, (refusals, since): (u32, TimeDelta), now: DateTime<Utc>) -> bool {
        self.refused
            .is_some_and(|(before, first)| before + 1 >= refusals && now - first >= since)
    }

    /// Whether a reply to the message is the first of its kind. A repeated refusal of one person says nothing new: at the
    /// end of a campaign only such people are left.
    pub fn is_first(&self, reply: &Reply) -> bool {
        match reply {
            Reply::Refused { .. } => self.refused.is_none(),
            _ => self.attempt <= 1,
        }
    }

    fn refusals(&self) -> u32 {
        self.refused.map_or(0, |(refusals, _)| refusals) + 1
    }
}

/// Classifies a reply by itself, without the history of its notice. `attempt` counts from 1 and includes the one just
/// made; `jitter` is a random number in `0..1` that spreads retries by ±20 %.
pub fn decide(
    reply: &Reply,
    attempt: u32,
    first_tried: DateTime<Utc>,
    now: DateTime<Utc>,
    jitter: f64,
) -> Classification {
    let tried = Tried {
        attempt,
        attempts: attempt,
        first: first_tried,
        refused: None,
        others_are_taken: false,
        others_may_carry: false,
    };
    decide_after(reply, &tried, now, jitter)
}

/// Classifies a reply, with all that is known of the message.
pub fn classify(reply: &Reply, tried: &Tried, now: DateTime<Utc>, jitter: f64) -> Classification {
    let classification = decide_after(reply, tried, now, jitter);
    in_doubt(classification, tried.attempts, tried.first, now, jitter)
}

/// Decides, with what is known of the message.
fn decide_after(reply: &Reply, tried: &Tried, now: DateTime<Utc>, jitter: f64) -> Classification {
    let case = Case { tried, now, jitter };
    match reply {
        Reply::Accepted { .. } => Classification::Sent,
        Reply::Unknown { .. } => Classification::Uncertain,
        Reply::Unreachable { .. } => Classification::RelayAway,
        Reply::CannotCarry { .. } if tried.others_may_carry => Classification::AnotherRelay,
        Reply::CannotCarry { enhanced, text, .. } => match *enhanced {
            "5.6.7" => Classification::Bounced {
                reason: NeedsSmtputf8,
            },
            "5.3.4" => Classification::Bounced {
                reason: MessageTooBig,
            },
            // Every letter has such a text: that is the relays' lack and no person's.
            _ => case.refused(HoldReason::ContentRefused, AGAINST_US, text),
        },
        Reply::Refused {
            code,
            enhanced,
            text,
        } => match meaning(*code, enhanced.as_deref(), text) {
            Address(reason) => Classification::Bounced { reason },
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
                Classification::Against {
                    reason,
                    at,
                    lasting,
                }
            }
            _ if *code == Some(421) && case.is_young() => Classification::RelayAway,
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

    fn later(&self, text: &str) -> Classification {
        let usual = || self.spread(delay_after(self.tried.attempt));
        let at = self.now + self.asked(text).unwrap_or_else(usual);
        match at - self.tried.first > MAX_AGE {
            true => Classification::Expired,
            false => Classification::Retry { at },
        }
    }

    /// A permanent refusal that leaves a doubt whether it means this mailbox. It is final only once it is repeated
    /// at a later time: were it us, others would have met it too.
    fn refused(
        &self,
        reason: HoldReason,
        patience: (u32, TimeDelta),
        text: &str,
    ) -> Classification {
        let alone = self.tried.others_are_taken
            && reason != RateLimited
            && self.tried.is_final(ALONE, self.now);
        if alone || self.tried.is_final(patience, self.now) || !self.is_young() {
            return Classification::Bounced {
                reason: reason.as_bounce(),
            };
        }
        let step = usize::try_from(self.tried.refusals() - 1).unwrap_or(usize::MAX);
        let usual = TimeDelta::minutes(REFUSED[step.min(REFUSED.len() - 1)]);
        let at = self.now + self.asked(text).unwrap_or_else(|| self.spread(usual));
        let lasting = asked_to_wait(text).unwrap_or(reason.lasting());
        Classification::Against {
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

/// Corrects a classification by the number of attempts of any kind: if the relay goes away at each attempt of one
/// notice, the notice is blamed. It then waits by itself and does not hold the relay.
fn in_doubt(
    classification: Classification,
    attempts: u32,
    first_tried: DateTime<Utc>,
    now: DateTime<Utc>,
    jitter: f64,
) -> Classification {
    match (classification, attempts.checked_sub(COINCIDENCES)) {
        (Classification::RelayAway, Some(attempt @ 1..)) => {
            let at = now + scaled(delay_after(attempt), 0.8 + 0.4 * jitter.clamp(0.0, 1.0));
            if at - first_tried > MAX_AGE {
                Classification::Expired
            } else {
                Classification::Retry { at }
            }
        }
        (classification, _) => classification,
    }
}

/// Delay before a notice of a campaign with this policy is resent after this many uncertain attempts; `None`: it is not
/// resent.
pub fn resend_by(policy: UncertainPolicy, doubts: u32) -> Option<TimeDelta> {
    match policy {
        UncertainPolicy::Resend => resend_in(doubts),
        UncertainPolicy::Leave => None,
    }
}

/// Delay before a message is resent after this many uncertain attempts; `None`: it is not resent. A mailbox that drops
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
mod tests;
