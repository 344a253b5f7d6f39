//! How sending goes: node, relays, limits, and what slows or holds it by itself.

use serde::Deserialize;

use super::{ConfigError, Secret, bad};

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// This node's name.
    pub node: String,
    /// People in one batch.
    pub batch: i32,
    /// Seconds of silence after which a batch is taken over.
    pub lease_seconds: i64,
    /// Milliseconds between looks for work and for a stop.
    pub poll_milliseconds: u64,
    /// Messages a second of this node, all relays and campaigns together; 0 is unlimited.
    pub rate_per_second: u32,
    /// Where `candor work` answers `/healthz`, `/readyz` and `/metrics`; empty: nowhere.
    pub listen: String,
    /// Connections to the database that write outcomes.
    pub writers: usize,
    /// Where mail is handed over.
    pub relays: Vec<RelayConfig>,
}

/// `[[mail.relays]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayConfig {
    /// Its name in outcomes, logs and metrics.
    pub name: String,
    /// Where it is; may hold a password.
    pub url: Secret,
    /// Connections at once.
    #[serde(default = "one_connection")]
    pub connections: usize,
    /// Messages a second; 0 is unlimited.
    #[serde(default)]
    pub rate_per_second: u32,
    /// Used only while no other relay can be.
    #[serde(default)]
    pub standby: bool,
}

fn one_connection() -> usize {
    1
}

/// `[providers.NAME]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Messages a second that one node sends to all its domains together; 0 is unlimited.
    pub per_second: u32,
    /// The domains whose mailboxes it runs.
    #[serde(default)]
    pub domains: Vec<String>,
}

/// `[breaker]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// How many of the latest results count.
    pub window: usize,
    /// With fewer results than this nothing is decided.
    pub least: usize,
    /// Bounces above which staff are warned.
    pub bounce_warn_percent: u32,
    /// Bounces above which a campaign is paused.
    pub bounce_pause_percent: u32,
    /// Replies against us above which it is paused.
    pub against_pause_percent: u32,
    /// Messages put off above which it is paused.
    pub error_pause_percent: u32,
}

/// `[pacing]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pacing {
    /// Tickets in line above which sending slows; 0: it never does.
    pub slow_at_waiting: i64,
    /// Tickets in line at which it holds.
    pub hold_at_waiting: i64,
    /// Minutes that the first in line has waited, above which sending slows; 0: it never does.
    pub slow_at_minutes: i64,
    /// Minutes at which it holds.
    pub hold_at_minutes: i64,
    /// What counts as the full rate of a campaign without a limit, messages a second.
    pub full_per_second: u32,
    /// Messages a second of a campaign that was just launched; 0: no ramp.
    pub ramp_start_per_second: u32,
    /// Minutes in which that doubles.
    pub ramp_double_minutes: u32,
}

impl Mail {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.batch > 5_000 {
            return Err(bad("mail.batch", "must be at most 5000"));
        }
        for (at, relay) in self.relays.iter().enumerate() {
            let key = |field: &str| format!("mail.relays[{at}].{field}");
            if relay.name.is_empty() || self.relays[..at].iter().any(|r| r.name == relay.name) {
                return Err(bad(&key("name"), "every relay needs a name of its own"));
            }
            if relay.connections == 0 {
                return Err(bad(&key("connections"), "must be at least 1"));
            }
        }
        if !self.relays.is_empty() && self.relays.iter().all(|relay| relay.standby) {
            return Err(bad("mail.relays", "one at least must not be standby"));
        }
        Ok(())
    }
}

impl Breaker {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.least == 0 || self.least > self.window {
            return Err(bad(
                "breaker.least",
                "must be at least 1 and at most breaker.window",
            ));
        }
        for (key, percent) in [
            ("bounce_warn_percent", self.bounce_warn_percent),
            ("bounce_pause_percent", self.bounce_pause_percent),
            ("against_pause_percent", self.against_pause_percent),
            ("error_pause_percent", self.error_pause_percent),
        ] {
            if percent > 100 {
                return Err(bad(&format!("breaker.{key}"), "must be at most 100"));
            }
        }
        Ok(())
    }
}

impl Pacing {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let pairs = [
            (
                "hold_at_waiting",
                self.slow_at_waiting,
                self.hold_at_waiting,
            ),
            (
                "hold_at_minutes",
                self.slow_at_minutes,
                self.hold_at_minutes,
            ),
        ];
        for (key, slow, hold) in pairs {
            if slow < 0 || hold < 0 || (hold > 0 && hold <= slow) {
                let why = "must be 0 or more than the limit above which it slows";
                return Err(bad(&format!("pacing.{key}"), why));
            }
        }
        for (key, value) in [
            ("full_per_second", self.full_per_second),
            ("ramp_double_minutes", self.ramp_double_minutes),
        ] {
            if value == 0 {
                return Err(bad(&format!("pacing.{key}"), "must be at least 1"));
            }
        }
        Ok(())
    }
}
