//! Logs and metrics. Log lines carry ids, counts and reasons; never an address, a token or a text.

mod families;

use std::io::IsTerminal;

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};
use tracing_subscriber::EnvFilter;

use self::families::Named;
use crate::config::{Log, LogFormat};

/// The version of the program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Starts logging to standard error. A second call changes nothing.
pub(crate) fn start_logging(log: &Log) {
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

    fn counters(&mut self, Named(name, help): Named, by: &[&str]) -> IntCounterVec {
        let made = IntCounterVec::new(Opts::new(name, help), by);
        self.add((name, "counter", help), made)
    }

    fn counter(&mut self, Named(name, help): Named) -> IntCounter {
        self.add((name, "counter", help), IntCounter::new(name, help))
    }

    fn gauges(&mut self, Named(name, help): Named, by: &[&str]) -> IntGaugeVec {
        let made = IntGaugeVec::new(Opts::new(name, help), by);
        self.add((name, "gauge", help), made)
    }

    fn gauge(&mut self, Named(name, help): Named) -> IntGauge {
        self.add((name, "gauge", help), IntGauge::new(name, help))
    }

    fn histogram(&mut self, Named(name, help): Named, at: &[f64]) -> Histogram {
        let options = HistogramOpts::new(name, help).buckets(at.to_vec());
        self.add((name, "histogram", help), Histogram::with_opts(options))
    }

    fn histograms(
        &mut self,
        Named(name, help): Named,
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
    /// Never: the names of `families` are valid and different.
    pub fn new() -> Self {
        let mut make = Maker::default();
        let build = make.gauges(families::BUILD, &["version"]);
        build.with_label_values(&[VERSION]).set(1);
        Self {
            messages: make.counters(families::MESSAGES, &["relay", "provider", "result"]),
            requests: make.counters(families::REQUESTS, &["class"]),
            request_seconds: make
                .histograms(families::REQUEST_SECONDS, (&["route", "class"], REQUESTS)),
            connections: make.gauges(families::CONNECTIONS, &["relay"]),
            accepted_at: make.gauges(families::ACCEPTED_AT, &["relay"]),
            held_until: make.gauges(families::HELD_UNTIL, &["relay"]),
            queue: make.gauges(families::QUEUE, &["figure"]),
            stopped: make.gauge(families::STOPPED),
            in_doubt: make.gauge(families::IN_DOUBT),
            people: make.gauges(families::PEOPLE, &["incident", "standing"]),
            tickets: make.gauges(families::TICKETS, &["state"]),
            tickets_oldest: make.gauge(families::TICKETS_OLDEST),
            tickets_answered: make.counter(families::TICKETS_ANSWERED),
            outbox_waiting: make.gauge(families::OUTBOX_WAITING),
            outbox_oldest: make.gauge(families::OUTBOX_OLDEST),
            letters: make.counters(families::OUTBOX_EMAILS, &["kind", "result"]),
            pool: make.gauges(families::POOL, &["pool", "state"]),
            import_seconds: make.histogram(families::IMPORT_SECONDS, IMPORTS),
            freeze_seconds: make.histogram(families::FREEZE_SECONDS, CHUNKS),
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
