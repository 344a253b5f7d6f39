//! Whether any message can leave now, and what prevents it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::id::CampaignId;

/// What a sender sends now, as its heartbeat publishes it: senders share the limits that they use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    /// The campaigns of its leased batches that it can send now.
    pub campaigns: Vec<CampaignId>,
    /// Whether it sends messages of the outbox, or did a moment ago.
    pub outbox: bool,
}

impl InUse {
    /// Whether it sends anything.
    pub fn is_any(&self) -> bool {
        self.outbox || !self.campaigns.is_empty()
    }
}

/// A relay as a sender sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelaySeen {
    /// Its name.
    pub name: String,
    /// Open connections to it.
    pub connections: i64,
    /// It is held until then.
    pub held_until: Option<DateTime<Utc>>,
    /// Why.
    pub why: Option<String>,
    /// Messages a second that its settings allow; 0 is unlimited.
    #[serde(default)]
    pub per_second: u32,
    /// The same of all relays of its node together.
    #[serde(default)]
    pub node_per_second: u32,
    /// The mailbox providers that it keeps mail back from while mail to others goes on.
    #[serde(default)]
    pub providers: Vec<ProviderHeld>,
    /// Its connections that wait for an answer.
    #[serde(default)]
    pub unanswered: Option<Unanswered>,
}

/// Connections on which a relay has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// How many there are.
    pub connections: i64,
    /// Since when the one waits that waits longest.
    pub since: DateTime<Utc>,
}

/// A relay that keeps connections waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowRelay {
    /// Its name.
    pub relay: String,
    /// How many connections of all senders wait.
    pub connections: i64,
    /// Since when the one waits that waits longest.
    pub since: DateTime<Utc>,
}

/// The relays that have kept a connection waiting for at least this long, the slowest first; `seen` is what all senders
/// see.
pub fn slow(seen: &[RelaySeen], now: DateTime<Utc>, least: TimeDelta) -> Vec<SlowRelay> {
    let mut all: BTreeMap<&str, SlowRelay> = BTreeMap::new();
    for one in seen {
        let Some(waits) = one.unanswered else {
            continue;
        };
        let relay = all.entry(&one.name).or_insert_with(|| SlowRelay {
            relay: one.name.clone(),
            connections: 0,
            since: waits.since,
        });
        relay.connections += waits.connections;
        relay.since = relay.since.min(waits.since);
    }
    let mut slow: Vec<_> = all.into_values().collect();
    slow.retain(|one| now - one.since >= least);
    slow.sort_by(|a, b| (a.since, &a.relay).cmp(&(b.since, &b.relay)));
    slow
}

/// A mailbox provider that a relay keeps mail back from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderHeld {
    /// Its name in the settings. Of others nothing is said: a domain may be one person's.
    pub name: Option<String>,
    /// It is held until then.
    pub until: DateTime<Utc>,
    /// Why.
    pub why: String,
}

/// A relay that takes nothing for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldRelay {
    /// Its name.
    pub relay: String,
    /// Until when; of several senders, until one of them uses it again.
    pub until: DateTime<Utc>,
    /// Why, as the sender says it.
    pub why: String,
}

/// The relays that no sender at work uses now, in the order in which they are free; `seen` is what all senders see.
pub fn held(seen: &[RelaySeen], now: DateTime<Utc>) -> Vec<HeldRelay> {
    let mut all: BTreeMap<&str, Option<HeldRelay>> = BTreeMap::new();
    for one in seen {
        let until = one.held_until.filter(|until| *until > now);
        let held = until.map(|until| HeldRelay {
            relay: one.name.clone(),
            until,
            why: one.why.clone().unwrap_or_default(),
        });
        all.entry(&one.name)
            .and_modify(|first| {
                let sooner = match (&*first, &held) {
                    (Some(first), Some(held)) => held.until < first.until,
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                if sooner {
                    first.clone_from(&held);
                }
            })
            .or_insert(held);
    }
    let mut held: Vec<_> = all.into_values().flatten().collect();
    held.sort_by(|a, b| (a.until, &a.relay).cmp(&(b.until, &b.relay)));
    held
}

/// A decision, or a doubt about the database, that stops all sending whatever senders and relays do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// A member of staff stopped all sending then.
    Stopped(DateTime<Utc>),
    /// The database may be an older copy, as was seen then.
    InDoubt(DateTime<Utc>),
}

/// Whether any message can leave now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Ability {
    /// A sender has a relay that takes mail, perhaps not for every mailbox provider.
    Open,
    /// A member of staff stopped all sending.
    Stopped {
        /// When.
        since: DateTime<Utc>,
    },
    /// The database may be an older copy.
    InDoubt {
        /// Since when nothing leaves.
        since: DateTime<Utc>,
    },
    /// No sender is at work.
    NoSender,
    /// Every relay of every sender is held. Named by itself: the one that is free first.
    Held {
        /// Its name.
        relay: String,
        /// Until when.
        until: DateTime<Utc>,
        /// Why, as the sender says it.
        why: String,
        /// All of them, the first one included, in the order in which they are free.
        relays: Vec<HeldRelay>,
    },
    /// Messages can leave, but the program keeps this campaign at no part of its rate.
    Paced {
        /// Why, a sentence.
        reason: String,
    },
}

impl Ability {
    /// Whether a message of a campaign can leave that is paced to this percentage of its rate.
    pub fn at(&self, percent: i16, reason: Option<&str>) -> Self {
        match (self, percent) {
            (Self::Open, ..=0) => Self::Paced {
                reason: reason.unwrap_or("Candor holds it for now.").to_owned(),
            },
            _ => self.clone(),
        }
    }

    /// What follows from the stop and from the relays that each sender at work sees.
    pub fn of(barred: Option<Barred>, senders: &[Vec<RelaySeen>], now: DateTime<Utc>) -> Self {
        match barred {
            Some(Barred::Stopped(since)) => return Self::Stopped { since },
            Some(Barred::InDoubt(since)) => return Self::InDoubt { since },
            None if senders.is_empty() => return Self::NoSender,
            None => {}
        }
        let mut first: Option<(DateTime<Utc>, &RelaySeen)> = None;
        for relay in senders.iter().flatten() {
            let Some(until) = relay.held_until.filter(|until| *until > now) else {
                return Self::Open;
            };
            if first.is_none_or(|(soonest, _)| until < soonest) {
                first = Some((until, relay));
            }
        }
        first.map_or(Self::NoSender, |(until, relay)| Self::Held {
            relay: relay.name.clone(),
            until,
            why: relay.why.clone().unwrap_or_default(),
            relays: held(&senders.concat(), now),
        })
    }

    /// Whether messages can leave.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_660, 0).expect("a moment")
    }

    fn relay((name, held_for): &(&str, i64)) -> RelaySeen {
        RelaySeen {
            name: (*name).to_owned(),
            connections: 0,
            held_until: (*held_for != 0).then(|| now() + TimeDelta::seconds(*held_for)),
            why: Some("blocked".to_owned()),
            per_second: 0,
            node_per_second: 0,
            providers: vec![ProviderHeld {
                name: None,
                until: now() + TimeDelta::hours(1),
                why: "blocked".to_owned(),
            }],
            unanswered: None,
        }
    }

    #[test]
    fn a_slow_relay_is_one_that_keeps_a_connection_of_any_sender_waiting() {
        let waits = |name, connections, seconds| RelaySeen {
            unanswered: Some(Unanswered {
                connections,
                since: now() - TimeDelta::seconds(seconds),
            }),
            ..relay(&(name, 0))
        };
        let seen = [
            waits("a", 2, 7),
            waits("b", 1, 40),
            relay(&("c", 0)),
            waits("a", 3, 12),
            waits("d", 1, 4),
        ];
        let found = slow(&seen, now(), TimeDelta::seconds(5));
        let found: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    one.relay.as_str(),
                    one.connections,
                    (now() - one.since).num_seconds(),
                )
            })
            .collect();
        assert_eq!(found, [("b", 1, 40), ("a", 5, 12)]);
    }

    fn named(name: &str, held_for: i64) -> HeldRelay {
        HeldRelay {
            relay: name.to_owned(),
            until: now() + TimeDelta::seconds(held_for),
            why: "blocked".to_owned(),
        }
    }

    #[test]
    fn a_relay_is_held_while_no_sender_uses_it() {
        let seen = [
            ("a", 60),
            ("b", 30),
            ("a", 0),
            ("c", 20),
            ("b", 40),
            ("d", -5),
        ];
        let seen: Vec<_> = seen.iter().map(relay).collect();
        assert_eq!(held(&seen, now()), [named("c", 20), named("b", 30)]);
    }

    fn of(barred: Option<Barred>, senders: &[&[(&str, i64)]]) -> Ability {
        let senders = senders.iter();
        let seen: Vec<_> = senders
            .map(|relays| relays.iter().map(relay).collect())
            .collect();
        Ability::of(barred, &seen, now())
    }

    #[test]
    fn messages_leave_while_one_relay_of_one_sender_is_free_whatever_providers_it_holds() {
        assert_eq!(of(None, &[]), Ability::NoSender);
        assert_eq!(of(None, &[&[("a", 60)], &[("a", 0)]]), Ability::Open);
        assert_eq!(of(None, &[&[("a", 60), ("b", -1)]]), Ability::Open);
        let expected = Ability::Held {
            relay: "b".to_owned(),
            until: now() + TimeDelta::seconds(30),
            why: "blocked".to_owned(),
            relays: vec![named("b", 30), named("a", 60)],
        };
        assert_eq!(of(None, &[&[("a", 60), ("b", 30)], &[("a", 90)]]), expected);
    }

    #[test]
    fn a_stop_is_said_before_what_relays_do() {
        let since = now();
        for (barred, said) in [
            (Barred::Stopped(since), Ability::Stopped { since }),
            (Barred::InDoubt(since), Ability::InDoubt { since }),
        ] {
            assert_eq!(of(Some(barred), &[&[("a", 0)]]), said);
            assert_eq!(of(Some(barred), &[]), said);
        }
    }
}
