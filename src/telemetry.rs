//! Logs and metrics. Log lines carry ids, counts and reasons; never an address, a token or a text.

use std::io::IsTerminal;

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

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
    /// Name, kind and help of every family, also of those that have no figure yet.
    families: Vec<Family>,
    /// Messages handed to relays, by relay, mailbox provider and result.
    pub messages: IntCounterVec,
    /// Requests answered, by status class.
    pub requests: IntCounterVec,
    /// How long requests took, by the pattern of their route and status class.
    pub request_seconds: HistogramVec,
    /// Open SMTP connections, by relay.
    pub connections: IntGaugeVec,
    /// When each relay last accepted a message, in seconds since 1970: whether it makes progress.
    pub accepted_at: IntGaugeVec,
    /// Until when each relay is or was held, in seconds since 1970.
    pub held_until: IntGaugeVec,
    /// How the queue stood at the last look, by figure: batches that are due, seconds that the oldest of them has
    /// waited, batches of senders that stopped, messages on connections of all nodes.
    pub queue: IntGaugeVec,
    /// 1 while a member of staff has stopped all sending.
    pub stopped: IntGauge,
    /// 1 while the database may be an older copy, and nothing is sent.
    pub in_doubt: IntGauge,
    /// People of open incidents by how they stand, by incident and standing.
    pub people: IntGaugeVec,
    /// Tickets, by state: waiting in line, and of those the overdue. More than 1,000 count as 1,001.
    pub tickets: IntGaugeVec,
    /// Seconds that the ticket has waited that waits longest.
    pub tickets_oldest: IntGauge,
    /// Replies that agents sent.
    pub tickets_answered: IntCounter,
    /// E-mails of tickets and codes that wait. More than 1,000 count as 1,001.
    pub outbox_waiting: IntGauge,
    /// Seconds since the oldest of them was due.
    pub outbox_oldest: IntGauge,
    /// E-mails of tickets and codes that came to an end, by kind and result.
    pub letters: IntCounterVec,
    /// Database connections, by pool and state.
    pub pool: IntGaugeVec,
    /// How long imports of lists took.
    pub import_seconds: Histogram,
    /// How long the freezing of chunks of an audience took.
    pub freeze_seconds: Histogram,
}

/// What the text format says of a family.
#[derive(Debug, Clone)]
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
}

/// Bounds of requests, in seconds.
const REQUESTS: &[f64] = &[0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// Bounds of imports, in seconds.
const IMPORTS: &[f64] = &[0.1, 1.0, 5.0, 15.0, 60.0, 180.0, 600.0];
/// Bounds of chunks, in seconds.
const CHUNKS: &[f64] = &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// Registers families, and keeps what is said of them.
#[derive(Default)]
struct Maker {
    registry: Registry,
    families: Vec<Family>,
}

impl Maker {
    fn add<C: Collector + Clone + 'static>(
        &mut self,
        (name, kind, help): (&'static str, &'static str, &'static str),
        made: prometheus::Result<C>,
    ) -> C {
        let made = made.expect("a valid name");
        self.registry
            .register(Box::new(made.clone()))
            .expect("a name of its own");
        self.families.push(Family { name, kind, help });
        made
    }

    fn counters(&mut self, name: &'static str, help: &'static str, by: &[&str]) -> IntCounterVec {
        let made = IntCounterVec::new(Opts::new(name, help), by);
        self.add((name, "counter", help), made)
    }

    fn counter(&mut self, name: &'static str, help: &'static str) -> IntCounter {
        self.add((name, "counter", help), IntCounter::new(name, help))
    }

    fn gauges(&mut self, name: &'static str, help: &'static str, by: &[&str]) -> IntGaugeVec {
        let made = IntGaugeVec::new(Opts::new(name, help), by);
        self.add((name, "gauge", help), made)
    }

    fn gauge(&mut self, name: &'static str, help: &'static str) -> IntGauge {
        self.add((name, "gauge", help), IntGauge::new(name, help))
    }

    fn histogram(&mut self, name: &'static str, help: &'static str, at: &[f64]) -> Histogram {
        let options = HistogramOpts::new(name, help).buckets(at.to_vec());
        self.add((name, "histogram", help), Histogram::with_opts(options))
    }

    fn histograms(
        &mut self,
        name: &'static str,
        help: &'static str,
        (by, at): (&[&str], &[f64]),
    ) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(at.to_vec());
        self.add((name, "histogram", help), HistogramVec::new(options, by))
    }
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
    #[rustfmt::skip]
    pub fn new() -> Self {
        let mut make = Maker::default();
        let build = make.gauges("candor_build_info", "1, with the version of the program.", &["version"]);
        build.with_label_values(&[VERSION]).set(1);
        Self {
            messages: make.counters("candor_messages_total", "Messages handed to relays.", &["relay", "provider", "result"]),
            requests: make.counters("candor_requests_total", "Requests answered.", &["class"]),
            request_seconds: make.histograms(
                "candor_request_duration_seconds",
                "How long requests took until their answer began.",
                (&["route", "class"], REQUESTS),
            ),
            connections: make.gauges("candor_smtp_connections", "Open connections to relays.", &["relay"]),
            accepted_at: make.gauges(
                "candor_relay_accepted_timestamp_seconds",
                "When a relay last accepted a message.",
                &["relay"],
            ),
            held_until: make.gauges(
                "candor_relay_held_until_timestamp_seconds",
                "Until when a relay is or was held.",
                &["relay"],
            ),
            queue: make.gauges(
                "candor_queue",
                "Batches due, seconds the oldest has waited, batches of senders that fell silent, messages being sent.",
                &["figure"],
            ),
            stopped: make.gauge(
                "candor_sending_stopped",
                "1 while a member of staff has stopped all sending.",
            ),
            in_doubt: make.gauge(
                "candor_database_in_doubt",
                "1 while the database may be an older copy and nothing is sent.",
            ),
            people: make.gauges(
                "candor_people",
                "People of the latest open incidents, by how they stand.",
                &["incident", "standing"],
            ),
            tickets: make.gauges(
                "candor_tickets",
                "Tickets that wait in line, and of those the overdue; more than 1,000 count as 1,001.",
                &["state"],
            ),
            tickets_oldest: make.gauge(
                "candor_tickets_oldest_seconds",
                "How long the ticket has waited that waits longest.",
            ),
            tickets_answered: make.counter("candor_tickets_answered_total", "Replies that staff sent."),
            outbox_waiting: make.gauge(
                "candor_outbox_waiting",
                "E-mails of tickets and codes that wait to leave; more than 1,000 count as 1,001.",
            ),
            outbox_oldest: make.gauge(
                "candor_outbox_oldest_seconds",
                "How long the e-mail is due that waits longest.",
            ),
            letters: make.counters(
                "candor_outbox_emails_total",
                "E-mails of tickets and codes that came to an end.",
                &["kind", "result"],
            ),
            pool: make.gauges(
                "candor_database_connections",
                "Database connections: at most, open, idle; and callers that wait for one.",
                &["pool", "state"],
            ),
            import_seconds: make.histogram("candor_import_duration_seconds", "How long imports of lists took.", IMPORTS),
            freeze_seconds: make.histogram(
                "candor_freeze_duration_seconds",
                "How long it took to freeze a chunk of an audience.",
                CHUNKS,
            ),
            registry: make.registry,
            families: make.families,
        }
    }

    /// All figures in Prometheus' text format, with the families that have no figure yet.
    pub fn render(&self) -> String {
        let mut out = Vec::new();
        let gathered = self.registry.gather();
        // Writing to memory does not fail.
        let _ = TextEncoder::new().encode(&gathered, &mut out);
        let mut text = String::from_utf8(out).unwrap_or_default();
        for Family { name, kind, help } in &self.families {
            if !gathered.iter().any(|family| family.name() == *name) {
                text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
            }
        }
        text
    }
}
