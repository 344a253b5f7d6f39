//! Bad results of one relay that follow each other: transactions that are lost, messages that are deferred. Enough of
//! them mean the relay and say nothing about a campaign. Until that is known, the breaker hears nothing of them.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::id::PersonId;

/// The relay is away after this many lost transactions in a row, on any of its connections.
const LOST: u32 = 5;
/// Messages deferred one after the other after which the relay defers everything, if they are of several providers.
const DEFERRED: usize = 10;
/// How many providers are several.
const SEVERAL: usize = 3;
/// The same whatever their providers.
const DEFERRED_ALIKE: usize = 20;
/// How long a relay is held that defers every message while another relay accepts them.
pub(crate) const HELD_FOR_DEFERRALS: TimeDelta = TimeDelta::minutes(5);

/// What a bad result leads to. `R` is a result that a campaign may count; messages of the outbox have none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Means<R> {
    /// It is not known yet whether the relay is meant.
    Open,
    /// The relay is meant: it is to be held. These results are counted by their campaigns all the same, since no other
    /// relay takes their messages.
    Relay(Vec<R>),
    /// These are counted by their campaigns.
    Campaigns(Vec<R>),
}

/// A message that was deferred.
#[derive(Debug)]
pub(crate) struct Deferral<'a> {
    /// The person who was written to.
    pub recipient: PersonId,
    /// Who runs their mailbox.
    pub provider: &'a str,
    /// It was tried before: at the end of a campaign only such are left.
    pub is_again: bool,
    /// Another relay could take it, and does not defer its own messages.
    pub others_take: bool,
}

/// The latest bad results of one relay.
#[derive(Debug)]
pub(crate) struct Streak<R> {
    lost: u32,
    /// Results that are counted unless the relay turns out to be away.
    lost_open: Vec<R>,
    deferred: BTreeSet<PersonId>,
    providers: BTreeSet<Box<str>>,
    deferred_open: Vec<R>,
    /// It was held since it deferred everything, and has taken nothing since.
    is_suspect: bool,
}

impl<R> Default for Streak<R> {
    fn default() -> Self {
        Self {
            lost: 0,
            lost_open: Vec::new(),
            deferred: BTreeSet::new(),
            providers: BTreeSet::new(),
            deferred_open: Vec::new(),
            is_suspect: false,
        }
    }
}

impl<R> Streak<R> {
    /// The connection broke during a transaction; `result` is what a campaign may count if the message text had been
    /// sent. `others_take`: another relay could take the message.
    pub(crate) fn lost(&mut self, result: Option<R>, others_take: bool) -> Means<R> {
        self.lost += 1;
        self.lost_open.extend(result);
        if self.lost < LOST {
            return Means::Open;
        }
        self.lost = 0;
        let mut open = std::mem::take(&mut self.lost_open);
        if others_take {
            open.clear();
        }
        Means::Relay(open)
    }

    /// A transaction ended with an answer, whatever it was: the relay is not away. What is counted now.
    pub(crate) fn answered(&mut self) -> Vec<R> {
        self.lost = 0;
        std::mem::take(&mut self.lost_open)
    }

    /// A message was taken, or its address refused: the relay does not defer everything. What is counted now.
    pub(crate) fn taken(&mut self) -> Vec<R> {
        let before = std::mem::take(self);
        let mut counted = before.lost_open;
        counted.extend(before.deferred_open);
        counted
    }

    /// A message was deferred.
    pub(crate) fn defer(&mut self, one: &Deferral<'_>, result: Option<R>) -> Means<R> {
        if one.is_again && !self.is_suspect {
            return Means::Campaigns(result.into_iter().collect());
        }
        self.count(one);
        if !one.others_take {
            let mut counted = std::mem::take(&mut self.deferred_open);
            counted.extend(result);
            return Means::Campaigns(counted);
        }
        if self.defers_everything() {
            *self = Self {
                lost: self.lost,
                lost_open: std::mem::take(&mut self.lost_open),
                is_suspect: true,
                ..Self::default()
            };
            return Means::Relay(Vec::new());
        }
        self.deferred_open.extend(result);
        Means::Open
    }

    /// Whether the latest message that a relay answered for was deferred.
    pub(crate) fn defers(&self) -> bool {
        !self.deferred.is_empty()
    }

    fn count(&mut self, one: &Deferral<'_>) {
        if self.deferred.len() < DEFERRED_ALIKE {
            self.deferred.insert(one.recipient);
        }
        if self.providers.len() < SEVERAL {
            self.providers.insert(one.provider.into());
        }
    }

    fn defers_everything(&self) -> bool {
        let least = match self.providers.len() >= SEVERAL {
            true => DEFERRED,
            false => DEFERRED_ALIKE,
        };
        self.deferred.len() >= least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The deferral of a person's message, while another relay takes messages.
    fn deferral(person: u128, provider: &str) -> Deferral<'_> {
        Deferral {
            recipient: PersonId::from_uuid(uuid::Uuid::from_u128(person)),
            provider,
            is_again: false,
            others_take: true,
        }
    }

    #[test]
    fn five_lost_transactions_in_a_row_mean_the_relay_whatever_the_messages_are() {
        let mut streak = Streak::default();
        // The third is a message of the outbox, which no campaign counts.
        for result in [Some(1), Some(2), None, Some(3)] {
            assert_eq!(streak.lost(result, true), Means::Open);
        }
        assert_eq!(streak.lost(Some(4), true), Means::Relay(Vec::new()));
        for result in 1..5 {
            assert_eq!(streak.lost(Some(result), false), Means::Open);
        }
        let counted = Means::Relay(vec![1, 2, 3, 4, 5]);
        assert_eq!(
            streak.lost(Some(5), false),
            counted,
            "no other relay took them"
        );
    }

    #[test]
    fn an_answer_between_losses_means_the_campaigns() {
        let mut streak = Streak::default();
        streak.lost(Some(1), true);
        assert_eq!(streak.answered(), [1]);
        for _ in 0..4 {
            assert_eq!(streak.lost(None::<u8>, true), Means::Open);
        }
    }

    #[test]
    fn ten_deferrals_at_three_providers_mean_the_relay_and_one_provider_needs_twenty() {
        let names = ["a.example", "b.example", "c.example"];
        let mut streak = Streak::default();
        for person in 0..9_u8 {
            let one = deferral(person.into(), names[usize::from(person) % 3]);
            assert_eq!(streak.defer(&one, Some(person)), Means::Open);
        }
        assert!(streak.defers());
        let tenth = streak.defer(&deferral(9, "a.example"), Some(9));
        assert_eq!(tenth, Means::Relay(Vec::new()));
        let mut streak = Streak::default();
        for person in 0..19_u8 {
            let one = deferral(person.into(), "a.example");
            assert_eq!(streak.defer(&one, Some(person)), Means::Open);
        }
        let last = streak.defer(&deferral(19, "a.example"), Some(19));
        assert_eq!(last, Means::Relay(Vec::new()));
    }

    #[test]
    fn deferrals_count_for_campaigns_once_a_message_is_taken_or_no_other_relay_takes_them() {
        let mut streak = Streak::default();
        streak.defer(&deferral(1, "a.example"), Some(1));
        streak.lost(Some(2), true);
        assert_eq!(streak.taken(), [2, 1]);
        assert!(!streak.defers());
        streak.defer(&deferral(1, "a.example"), Some(1));
        let alone = Deferral {
            others_take: false,
            ..deferral(2, "a.example")
        };
        assert_eq!(streak.defer(&alone, Some(2)), Means::Campaigns(vec![1, 2]));
    }

    #[test]
    fn a_message_deferred_once_more_says_nothing_unless_the_relay_is_suspect() {
        let again = |person| Deferral {
            is_again: true,
            ..deferral(person, "a.example")
        };
        let mut streak = Streak::default();
        assert_eq!(streak.defer(&again(1), Some(1)), Means::Campaigns(vec![1]));
        for person in 0..20 {
            streak.defer(&deferral(person, "a.example"), Some(0));
        }
        assert_eq!(streak.defer(&again(1), Some(1)), Means::Open);
    }
}
