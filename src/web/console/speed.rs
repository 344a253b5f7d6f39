//! What the settings allow in messages a second, in words.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::campaign::ability::RelaySeen;
use crate::campaign::pacing;
use crate::config::Config;
use crate::web::figures::count;
use crate::web::page::span;

/// The limits of relays and nodes that are at work, and of the ramp: `relay alpha at most 5/s`. While no sender is at
/// work, those of this process's own settings.
pub fn limits(config: &Config, seen: &[RelaySeen]) -> Vec<String> {
    let mut all = BTreeSet::new();
    let mut limit = |what: String, rate: u32| {
        if rate > 0 {
            all.insert(format!("{what} at most {}/s", count(rate.into())));
        }
    };
    for relay in seen {
        limit(format!("relay {}", relay.name), relay.per_second);
        limit("each node".to_owned(), relay.node_per_second);
    }
    if seen.is_empty() {
        for relay in &config.mail.relays {
            limit(format!("relay {}", relay.name), relay.rate_per_second);
        }
        limit("each node".to_owned(), config.mail.rate_per_second);
    }
    let mut all: Vec<String> = all.into_iter().collect();
    let pacing = &config.pacing;
    if pacing.ramp_start_per_second > 0 {
        let minutes = TimeDelta::minutes(pacing.ramp_double_minutes.into());
        all.push(format!(
            "at first {}/s, twice as much every {}",
            count(pacing.ramp_start_per_second.into()),
            span(minutes),
        ));
    }
    all
}

/// The same of a campaign that was launched so long ago: the ramp as it is now.
pub fn limits_now(config: &Config, seen: &[RelaySeen], since_launch: TimeDelta) -> Vec<String> {
    let mut all = limits(config, seen);
    if config.pacing.ramp_start_per_second > 0 {
        all.pop();
        if let Some(rate) = pacing::ramp(since_launch, &config.pacing) {
            all.push(format!(
                "at most {}/s now, while the relays warm to it",
                count(rate.into())
            ));
        }
    }
    all
}

/// How fast a campaign without a limit of its own goes.
pub fn at_most(limits: &[String]) -> String {
    match limits {
        [] => "as fast as the relays take them".to_owned(),
        some => format!(
            "as fast as the relays take them and the settings allow: {}",
            some.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_the_settings_is_named() {
        assert_eq!(at_most(&[]), "as fast as the relays take them");
        let limits = ["relay alpha at most 5/s".to_owned()];
        assert_eq!(
            at_most(&limits),
            "as fast as the relays take them and the settings allow: relay alpha at most 5/s"
        );
    }
}
