//! The sections of the configuration that need no rule of their own.

use std::net::IpAddr;

use serde::Deserialize;

use super::{Listen, LogLevel, PublicUrl, Secret, StateDir};
use crate::zone::Zone;

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Connection URL; it may hold a password.
    pub url: Secret,
    /// Connections of this process.
    pub pool: usize,
    /// Where a node keeps the latest epoch it saw.
    pub state_dir: String,
    /// Whether a standby that took over has everything that was committed.
    pub trust_promotion: bool,
    /// Seconds that a statement of a page or command may take; 0: no limit.
    pub statement_seconds: u64,
    /// Seconds that it may wait for a lock; 0: no limit.
    pub lock_seconds: u64,
}

impl Database {
    /// The directory of this node's state file; `None`: it keeps none.
    pub fn state_dir(&self) -> Option<StateDir> {
        StateDir::of(&self.state_dir, |name| Some(std::env::var_os(name)?.into()))
    }
}

/// `[http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port to listen on.
    pub listen: Listen,
    /// Where `/metrics` is; empty: nowhere.
    pub metrics_listen: Listen,
    /// How the outside sees it, without a slash at the end.
    pub public_url: PublicUrl,
    /// Threads; 0 is one a core.
    pub workers: usize,
    /// Bytes of the largest form or JSON body.
    pub body_limit: usize,
    /// Seconds in which a body that is under way must go on.
    pub body_idle_seconds: u32,
    /// Seconds after which the Idempotency-Key of a request that died may be used again.
    pub claim_seconds: u32,
    /// Seconds between the signal to end and the end of the socket.
    pub drain_seconds: u32,
    /// Where the source of this program is (AGPL-3.0, section 13); empty: no link.
    pub source_url: String,
    /// Candor believes the `X-Forwarded-For` of these proxies, in addition to those on this machine.
    pub proxies: Vec<IpAddr>,
}

/// `[organisation]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Shown in every notice and on every page.
    pub name: String,
    /// Display name of the From.
    pub from_name: String,
    /// Address of the From.
    pub from_address: String,
    /// Envelope sender; empty means the From address.
    pub return_path: String,
    /// Helpline number.
    pub phone: String,
    /// Its opening hours.
    pub phone_hours: String,
    /// The site people know.
    pub website: String,
    /// The zone in which staff plan, unless they name another.
    pub zone: Zone,
}

/// `[scope]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Per cent of a list's rows that may be refused before activating it asks for consent.
    pub reject_percent: u32,
}

/// `[lint]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lint {
    /// A directory with rules of the operator; empty: none.
    pub rules: String,
    /// Keys of rules that do not hold for this organisation; `*` at the end stands for the rest.
    pub off: Vec<String>,
    /// Domains that are trusted in links, besides those of `http.public_url`, `organisation.website` and
    /// `organisation.from_address`.
    pub domains: Vec<String>,
}

/// `[helpline]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Helpline {
    /// Minutes a taken ticket stays with an idle agent.
    pub lease_minutes: i64,
    /// Open tickets a person may have.
    pub open_tickets: i64,
    /// Messages a person may send in 24 hours.
    pub messages_a_day: i64,
    /// Days in which an answer reopens a solved ticket.
    pub reopen_days: i64,
    /// Hours until the first answer, as promised to people.
    pub answer_hours: i64,
}

/// `[sessions]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// Hours of a staff session.
    pub staff_hours: i64,
    /// Minutes after which an unused one ends; 0: never.
    pub idle_minutes: i64,
    /// Minutes of a customer's second step.
    pub customer_minutes: i64,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A `tracing` filter.
    pub level: LogLevel,
    /// auto, text or json.
    pub format: LogFormat,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text in a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}
