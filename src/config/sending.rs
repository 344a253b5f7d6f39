//! How sending goes: node, relays, limits, and what slows or holds it by itself.

use std::fmt::Display;
use std::path::PathBuf;

use serde::Deserialize;

use super::keys::read_private;
use super::ranges::in_range;
use super::{ConfigError, Listen, Secret, bad};
use crate::address::EmailAddress;

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
    /// Seconds before a relay that is away is tried again.
    pub away_seconds: i64,
    /// Messages a second of this node, all relays and campaigns together; 0 is unlimited.
    pub rate_per_second: u32,
    /// Where `candor work` answers `/healthz`, `/readyz` and `/metrics`; empty: nowhere.
    pub listen: Listen,
    /// Connections to the database that write outcomes.
    pub writers: usize,
    /// Whether the envelope sender of a notice names it.
    pub verp: bool,
    /// Whether staff are told by e-mail of what waits for them.
    pub tell_staff: bool,
    /// Keys that sign letters; each makes a signature of its own.
    pub dkim: Vec<DkimConfig>,
    /// Where mail is handed over.
    pub relays: Vec<RelayConfig>,
}

/// `[[mail.dkim]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimConfig {
    /// The domain that answers for the letters.
    pub domain: String,
    /// Under which name the public key stands there.
    pub selector: String,
    /// File with the private key in PEM.
    pub key_file: PathBuf,
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
    /// Messages a second that all senders together send to all its domains together; 0 is unlimited.
    pub per_second: u32,
    /// The domains of its mailboxes.
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
    /// Deferred messages above which it is paused.
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

/// Octets that the local part of a return path may have in addition to `+` and a notice's id (RFC 5321 §4.5.3.1.1).
const VERP_LOCAL: usize = 64 - 33;

impl Mail {
    /// Reads every key of `dkim`; `parse` makes of the domain, the selector and the PEM text what signs.
    ///
    /// # Errors
    /// [`ConfigError`] that names the key which cannot be read or does not parse. Quotes nothing of it.
    pub fn dkim_keys<T, E: Display>(
        &self,
        parse: impl Fn(&str, &str, &str) -> Result<T, E>,
    ) -> Result<Vec<T>, ConfigError> {
        let key = |(at, dkim): (usize, &DkimConfig)| {
            let wrong = |why: String| bad(&format!("mail.dkim[{at}].key_file"), why);
            let pem = read_private(&dkim.key_file).map_err(wrong)?;
            parse(&dkim.domain, &dkim.selector, pem.expose())
                .map_err(|why| wrong(format!("{}: {why}", dkim.key_file.display())))
        };
        self.dkim.iter().enumerate().map(key).collect()
    }

    pub(super) fn check_verp(&self, return_path: &EmailAddress) -> Result<(), ConfigError> {
        if self.verp && return_path.local().len() > VERP_LOCAL {
            let why = format!(
                "organisation.return_path must have at most {VERP_LOCAL} octets before its @, so that \
                 a notice's id fits beside them"
            );
            return Err(bad("mail.verp", why));
        }
        Ok(())
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        for (at, relay) in self.relays.iter().enumerate() {
            let key = |field: &str| format!("mail.relays[{at}].{field}");
            if relay.name.is_empty() || self.relays[..at].iter().any(|r| r.name == relay.name) {
                return Err(bad(&key("name"), "every relay needs a name of its own"));
            }
            let connections = i128::try_from(relay.connections).unwrap_or(i128::MAX);
            in_range(&key("connections"), connections, 1, 1_000)?;
            let rate = relay.rate_per_second.into();
            in_range(&key("rate_per_second"), rate, 0, 1_000_000)?;
        }
        if !self.relays.is_empty() && self.relays.iter().all(|relay| relay.standby) {
            return Err(bad("mail.relays", "one at least must not be standby"));
        }
        Ok(())
    }
}

impl Pacing {
    /// How many waiting tickets the limits have to tell apart; 0: none of them asks.
    pub fn counts_waiting_to(&self) -> i64 {
        match self.slow_at_waiting.max(self.hold_at_waiting) {
            ..=0 => 0,
            most => most + 1,
        }
    }

    /// Whether a limit asks how long the first in line has waited.
    pub fn asks_for_the_wait(&self) -> bool {
        self.slow_at_minutes.max(self.hold_at_minutes) > 0
    }

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
            if hold > 0 && hold <= slow {
                let why = "must be 0 or more than the limit above which it slows";
                return Err(bad(&format!("pacing.{key}"), why));
            }
        }
        Ok(())
    }
}
