//! Refusals against us at one relay, by refuser: the mailbox provider, or else the domain (`Providers::refuser`). They
//! decide when a refuser is held, and when the relay is. Notices and messages of the outbox count alike.
//!
//! A single refusal holds nothing: it may concern one mailbox. A refuser is held after the same refusal to five different
//! recipients, if most of its latest answers are refusals. The relay is held after refusals by three refusers to five
//! recipients, if most of its latest answers are refusals.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::id::PersonId;

/// A provider is held after the same refusal to this many people.
const SEVERAL_PEOPLE: usize = 5;
/// A relay is held after this many providers refuse.
const SEVERAL_PROVIDERS: usize = 3;
/// Latest answers that are considered, of a provider and of a relay.
const LATEST: usize = 40;
/// Answers older than this count no more.
const RECENT: Duration = Duration::from_secs(600);
/// A provider accepts other recipients if its latest answers have at least this many acceptances for each refusal.
const TAKEN_FOR_EACH: usize = 4;
/// From this number on, providers that are not held and gave no answer for a minute are forgotten; if that is not
/// enough, all that are not held.
const MOST_PROVIDERS: usize = 5_000;

/// A refusal against us.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// The person who was written to.
    pub recipient: PersonId,
    /// Fingerprint of the refusal's text: equal for refusals of one kind.
    pub gist: String,
    /// How long it holds the provider or relay.
    pub lasting: Duration,
    /// Why.
    pub why: &'static str,
}

/// What a refusal leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nothing of this provider goes through the relay for a while.
    Provider,
    /// Nothing goes through the relay for a while.
    Relay,
}

/// The latest answers of one provider, or of all.
#[derive(Debug, Default)]
struct Answers(VecDeque<Answer>);

#[derive(Debug)]
struct Answer {
    at: Instant,
    /// Provider, recipient and gist of a refusal; `None`: it was no refusal against us.
    refusal: Option<(Box<str>, PersonId, String)>,
}

impl Answers {
    fn add(&mut self, at: Instant, refusal: Option<(Box<str>, PersonId, String)>) {
        self.0.push_back(Answer { at, refusal });
        while self.0.len() > LATEST {
            self.0.pop_front();
        }
        while self.0.front().is_some_and(|first| at - first.at > RECENT) {
            self.0.pop_front();
        }
    }

    fn refusal_count(&self) -> usize {
        self.0
            .iter()
            .filter(|answer| answer.refusal.is_some())
            .count()
    }

    fn are_mostly_against(&self) -> bool {
        self.refusal_count() * 2 > self.0.len()
    }

    /// The number of distinct values that `of` returns for the refusals; `None` is skipped.
    fn different<T: Ord>(&self, of: impl Fn(&(Box<str>, PersonId, String)) -> Option<T>) -> usize {
        let refusals = self.0.iter().filter_map(|answer| answer.refusal.as_ref());
        let all: std::collections::BTreeSet<T> = refusals.filter_map(of).collect();
        all.len()
    }
}

#[derive(Debug, Default)]
struct Provider {
    answers: Answers,
    held: Option<(Instant, &'static str)>,
}

impl Provider {
    fn held(&self, now: Instant) -> Option<(Duration, &'static str)> {
        let (until, why) = self.held?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then_some((left, why))
    }
}

/// The latest answers at one relay, in all and by refuser.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    providers: HashMap<Box<str>, Provider>,
    all: Answers,
}

impl Refusals {
    /// Records an answer that is no refusal against us. It counts for a provider only after its first refusal.
    pub(crate) fn record_other_answer(&mut self, provider: &str, now: Instant) {
        self.all.add(now, None);
        if let Some(known) = self.providers.get_mut(provider) {
            known.answers.add(now, None);
        }
    }

    /// Records a refusal against us. Returns the provider or relay to hold.
    pub(crate) fn record_refusal(
        &mut self,
        provider: &str,
        refusal: Refusal,
        now: Instant,
    ) -> Option<Hold> {
        self.forget(now);
        let kept = || Some((provider.into(), refusal.recipient, refusal.gist.clone()));
        self.all.add(now, kept());
        let theirs = self.providers.entry(provider.into()).or_default();
        theirs.answers.add(now, kept());
        let providers = self.all.different(|(provider, ..)| Some(provider.clone()));
        let people = self.all.different(|(_, recipient, _)| Some(*recipient));
        if providers >= SEVERAL_PROVIDERS
            && people >= SEVERAL_PEOPLE
            && self.all.are_mostly_against()
        {
            self.all = Answers::default();
            return Some(Hold::Relay);
        }
        let alike = theirs
            .answers
            .different(|(_, recipient, gist)| (*gist == refusal.gist).then_some(*recipient));
        let is_held = theirs.held(now).is_some();
        if is_held || alike < SEVERAL_PEOPLE || !theirs.answers.are_mostly_against() {
            return None;
        }
        theirs.held = Some((now + refusal.lasting, refusal.why));
        theirs.answers = Answers::default();
        Some(Hold::Provider)
    }

    /// Whether a provider accepts this relay's mail for other recipients at present.
    pub(crate) fn accepts_other_recipients(&self, provider: &str) -> bool {
        self.providers.get(provider).is_some_and(|known| {
            let against = known.answers.refusal_count();
            let taken = known.answers.0.len() - against;
            taken >= SEVERAL_PEOPLE && taken >= against * TAKEN_FOR_EACH
        })
    }

    /// How much longer a provider is held, and why.
    pub(crate) fn held(&self, provider: &str, now: Instant) -> Option<(Duration, &'static str)> {
        self.providers.get(provider)?.held(now)
    }

    /// All that are held: which, for how much longer, why.
    pub(crate) fn all_held(&self, now: Instant) -> Vec<(&str, Duration, &'static str)> {
        let held = self.providers.iter().filter_map(|(name, provider)| {
            let (left, why) = provider.held(now)?;
            Some((&**name, left, why))
        });
        held.collect()
    }

    fn forget(&mut self, now: Instant) {
        if self.providers.len() < MOST_PROVIDERS {
            return;
        }
        let is_quiet = |provider: &Provider| {
            let last = provider.answers.0.back();
            provider.held(now).is_none() && last.is_none_or(|last| now - last.at > RECENT / 10)
        };
        self.providers.retain(|_, provider| !is_quiet(provider));
        if self.providers.len() >= MOST_PROVIDERS {
            self.providers
                .retain(|_, provider| provider.held(now).is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(person: u128, gist: &str) -> Refusal {
        Refusal {
            recipient: PersonId::from_uuid(uuid::Uuid::from_u128(person)),
            gist: gist.to_owned(),
            lasting: Duration::from_secs(60),
            why: "blocked",
        }
    }

    #[test]
    fn one_mailbox_holds_nobody_however_often_it_refuses() {
        let (mut all, now) = (Refusals::default(), Instant::now());
        for _ in 0..50 {
            assert_eq!(all.record_refusal("a.example", refusal(1, "no"), now), None);
        }
        assert_eq!(all.held("a.example", now), None);
    }

    #[test]
    fn the_same_refusal_to_several_people_holds_their_provider_and_not_the_relay() {
        let (mut all, now) = (Refusals::default(), Instant::now());
        for person in 0..4 {
            let gist = ["no", "never"][person % 2];
            assert_eq!(
                all.record_refusal("a.example", refusal(person as u128, gist), now),
                None
            );
        }
        for person in 4..6 {
            assert_eq!(
                all.record_refusal("a.example", refusal(person, "no"), now),
                None
            );
        }
        let held = all.record_refusal("a.example", refusal(6, "no"), now);
        assert_eq!(held, Some(Hold::Provider), "the fifth in the same words");
        let minute = Duration::from_secs(60);
        assert_eq!(all.held("a.example", now), Some((minute, "blocked")));
        assert_eq!(all.held("b.example", now), None);
        assert_eq!(all.held("a.example", now + minute), None);
        for person in 7..99 {
            let held = all.record_refusal("a.example", refusal(person, "no"), now);
            assert_eq!(
                held, None,
                "it is held already, and the relay serves others"
            );
        }
    }

    #[test]
    fn a_provider_that_accepts_other_recipients_is_not_held() {
        let (mut all, now) = (Refusals::default(), Instant::now());
        assert!(!all.accepts_other_recipients("a.example"));
        for person in 0..300 {
            if person % 20 == 0 {
                assert_eq!(
                    all.record_refusal("a.example", refusal(person, "no"), now),
                    None
                );
            } else {
                all.record_other_answer("a.example", now);
            }
        }
        assert!(
            all.accepts_other_recipients("a.example") && !all.accepts_other_recipients("b.example")
        );
    }

    #[test]
    fn a_relay_is_held_when_several_providers_refuse() {
        let (mut all, now) = (Refusals::default(), Instant::now());
        let names = ["a.example", "b.example", "c.example"];
        let held: Vec<_> = (0..5)
            .map(|person| {
                all.record_refusal(names[person as usize % 3], refusal(person, "no"), now)
            })
            .collect();
        assert_eq!(held, [None, None, None, None, Some(Hold::Relay)]);
        // Three of many are not the relay's trouble.
        let mut all = Refusals::default();
        for person in 0..60 {
            all.record_refusal(names[person as usize % 3], refusal(person, "no"), now);
            for _ in 0..3 {
                all.record_other_answer("d.example", now);
            }
        }
        assert_eq!(
            all.record_refusal("a.example", refusal(99, "no"), now),
            None
        );
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let (mut all, now) = (Refusals::default(), Instant::now());
        for person in 0..4 {
            all.record_refusal("a.example", refusal(person, "no"), now);
        }
        let later = now + RECENT + Duration::from_secs(1);
        assert_eq!(
            all.record_refusal("a.example", refusal(5, "no"), later),
            None
        );
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut all, now) = (Refusals::default(), Instant::now());
        for person in 0..3 * MOST_PROVIDERS {
            let later = now + Duration::from_secs(2 * person as u64);
            let name = format!("{person}.example");
            all.record_refusal(&name, refusal(person as u128, "no"), later);
        }
        assert!(all.providers.len() <= MOST_PROVIDERS);
    }
}
