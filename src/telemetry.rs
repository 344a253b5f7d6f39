//! Logs and metrics. Log lines carry ids, counts and reasons; never an address, a token or a text.

use std::io::IsTerminal;

use prometheus::{Encoder, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging to standard error. A second call changes nothing.
pub fn start_logging(log: &Log) {
    let filter = EnvFilter::try_new(&*log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let json = match log.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}

/// The figures of this process, for Prometheus.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Messages handed to relays, by relay, mailbox provider and result.
    pub messages: IntCounterVec,
    /// Requests answered, by status class.
    pub requests: IntCounterVec,
    /// Open SMTP connections, by relay.
    pub connections: IntGaugeVec,
    /// When each relay last accepted a message, in seconds since 1970: whether it makes progress.
    pub accepted_at: IntGaugeVec,
    /// Until when each relay is or was held, in seconds since 1970.
    pub held_until: IntGaugeVec,
    /// How the queue stood at the last look, by figure: batches that are due, seconds that the oldest of
    /// them has waited, batches whose sender fell silent, messages on connections of all nodes.
    pub queue: IntGaugeVec,
    /// 1 while a member of staff has stopped all sending.
    pub stopped: IntGauge,
    /// 1 while the database may be an older copy, and nothing is sent.
    pub in_doubt: IntGauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A fresh registry, all figures 0.
    ///
    /// # Panics
    /// Never: the names below are valid and different.
    pub fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).expect("a valid name");
            registry
                .register(Box::new(counter.clone()))
                .expect("a name of its own");
            counter
        };
        let messages = counter(
            "candor_messages_total",
            "Messages handed to relays.",
            &["relay", "provider", "result"],
        );
        let requests = counter("candor_requests_total", "Requests answered.", &["class"]);
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            let gauge = IntGaugeVec::new(Opts::new(name, help), labels).expect("a valid name");
            registry
                .register(Box::new(gauge.clone()))
                .expect("a name of its own");
            gauge
        };
        let connections = gauge(
            "candor_smtp_connections",
            "Open connections to relays.",
            &["relay"],
        );
        let accepted_at = gauge(
            "candor_relay_accepted_timestamp_seconds",
            "When a relay last accepted a message.",
            &["relay"],
        );
        let held_until = gauge(
            "candor_relay_held_until_timestamp_seconds",
            "Until when a relay is or was held.",
            &["relay"],
        );
        let queue = gauge(
            "candor_queue",
            "Batches due, seconds the oldest has waited, batches of senders that fell silent, messages being sent.",
            &["figure"],
        );
        let alone = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help).expect("a valid name");
            registry
                .register(Box::new(gauge.clone()))
                .expect("a name of its own");
            gauge
        };
        let stopped = alone(
            "candor_sending_stopped",
            "1 while a member of staff has stopped all sending.",
        );
        let in_doubt = alone(
            "candor_database_in_doubt",
            "1 while the database may be an older copy and nothing is sent.",
        );
        Self {
            registry,
            messages,
            requests,
            connections,
            accepted_at,
            held_until,
            queue,
            stopped,
            in_doubt,
        }
    }

    /// All figures in Prometheus' text format.
    pub fn render(&self) -> String {
        let mut out = Vec::new();
        // Writing to memory does not fail.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}
