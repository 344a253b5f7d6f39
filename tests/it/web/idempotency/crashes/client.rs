//! A client that repeats each POST with its key until it has an answer, and what all clients counted.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use candor::actor::Actor;
use candor::staff::Staff;
use candor::staff::key::ApiKey;
use serde_json::{Value, json};
use ureq::Agent as Http;

use super::{CLAIM, SLACK};
use crate::people::BODY;

/// The requests that one client repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Ticket,
    Note,
    Campaign,
    Update,
    Template,
    Incident,
}

pub(super) const ACTS: [Act; 6] = [
    Act::Ticket,
    Act::Note,
    Act::Campaign,
    Act::Update,
    Act::Template,
    Act::Incident,
];

/// The counts of the whole test.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) done: AtomicUsize,
    pub(super) of: [AtomicUsize; ACTS.len()],
    unsure: AtomicUsize,
    unchanged: AtomicUsize,
    away: AtomicUsize,
    running: AtomicUsize,
    broken_off: AtomicUsize,
    /// The longest time in which a key was answered with "still running".
    stuck: Mutex<Duration>,
    pub(super) false_sentences: Mutex<Vec<String>>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [done, unsure, unchanged, away, running, broken_off] = [
            &self.done,
            &self.unsure,
            &self.unchanged,
            &self.away,
            &self.running,
            &self.broken_off,
        ]
        .map(|count| count.load(Ordering::Relaxed));
        let stuck = *self.stuck.lock().unwrap();
        write!(
            f,
            "{done} acts; answers: {unsure} not known, {unchanged} changed nothing, {away} away or broken, {running} \
             still running, {broken_off} connections broke off; a key was stuck for {stuck:?} at most"
        )
    }
}

/// What every client shares.
pub(super) struct Field {
    pub(super) nodes: Vec<String>,
    pub(super) database: String,
    pub(super) template: String,
    pub(super) ticket: String,
    pub(super) ending: AtomicBool,
    /// Only one client at a time reads the database.
    pub(super) looking: Mutex<()>,
    pub(super) figures: Figures,
}

pub(super) struct Client {
    field: Arc<Field>,
    runtime: tokio::runtime::Handle,
    http: Http,
    no: usize,
    key: String,
    actor: String,
}

pub(in crate::web::idempotency) fn http() -> Http {
    let config = Http::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

impl Client {
    /// The `no`th client, which has this account and key, at work on a thread of its own.
    pub(super) fn spawn(field: &Arc<Field>, no: usize, made: &(Staff, ApiKey)) -> JoinHandle<()> {
        let client = Self {
            field: Arc::clone(field),
            runtime: tokio::runtime::Handle::current(),
            http: http(),
            no,
            key: made.1.expose(),
            actor: Actor::Staff(made.0.id).to_string(),
        };
        std::thread::spawn(move || client.run())
    }

    fn run(self) {
        let mut n = 0;
        while !self.field.ending.load(Ordering::Relaxed) {
            let act = (self.no + n) % ACTS.len();
            self.done(ACTS[act], n);
            self.field.figures.done.fetch_add(1, Ordering::Relaxed);
            self.field.figures.of[act].fetch_add(1, Ordering::Relaxed);
            n += 1;
        }
    }

    fn request(&self, act: Act, n: usize) -> (String, Value) {
        let name = format!("{}-{n}", self.no);
        match act {
            Act::Ticket => (
                "/tickets".to_owned(),
                json!({ "incident": "sundmere", "channel": "phone", "text": format!("Call {name}") }),
            ),
            Act::Note => (
                format!("/tickets/{}/messages", self.field.ticket),
                json!({ "kind": "note", "text": format!("Note {name}") }),
            ),
            Act::Campaign => (
                "/campaigns".to_owned(),
                json!({ "incident": "sundmere", "template": self.field.template, "kind": "initial" }),
            ),
            Act::Update => (
                "/incidents/sundmere/updates".to_owned(),
                json!({ "kind": "being_checked", "body": format!("Update {name}") }),
            ),
            Act::Template => (
                "/templates".to_owned(),
                json!({ "name": name, "variants": { "en": { "subject": "Notice of data breach", "body": BODY } } }),
            ),
            Act::Incident => (
                "/incidents".to_owned(),
                json!({ "slug": format!("breach-{name}"), "title": "A breach" }),
            ),
        }
    }

    /// Repeats one request until it is answered.
    fn done(&self, act: Act, n: usize) {
        let (path, body) = self.request(act, n);
        let key = format!("{}-{n}", self.no);
        let figures = &self.field.figures;
        let begun = SystemTime::from(candor::clock::Clock::system().now());
        let mut running_since: Option<Instant> = None;
        for attempt in 0.. {
            let node = &self.field.nodes[(self.no + attempt) % self.field.nodes.len()];
            let Some((status, answer)) = self.post(node, &path, &key, &body) else {
                figures.broken_off.fetch_add(1, Ordering::Relaxed);
                running_since = None;
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            if (200..300).contains(&status) {
                let stuck = running_since.map_or(Duration::ZERO, |since| since.elapsed());
                let mut longest = figures.stuck.lock().unwrap();
                *longest = stuck.max(*longest);
                return;
            }
            let kind = answer["type"].as_str().unwrap_or_default();
            match kind.rsplit(':').next().unwrap_or_default() {
                "still-running" => {
                    figures.running.fetch_add(1, Ordering::Relaxed);
                    let since = running_since.get_or_insert_with(Instant::now);
                    // Each repetition may meet the claim of a run that died; the run that it begins may die too.
                    assert!(
                        since.elapsed() < Duration::from_secs(CLAIM) + SLACK,
                        "{key}: stuck for {:?}",
                        since.elapsed()
                    );
                }
                "outcome-unknown" => {
                    running_since = None;
                    figures.unsure.fetch_add(1, Ordering::Relaxed);
                }
                "away" | "broken" => {
                    running_since = None;
                    figures.away.fetch_add(1, Ordering::Relaxed);
                }
                other => panic!("{act:?} {key}: {status} {other} {answer}"),
            }
            let said = answer["detail"].as_str().unwrap_or_default().to_lowercase();
            if said.contains("nothing") || said.contains("not carried out") {
                figures.unchanged.fetch_add(1, Ordering::Relaxed);
                if self.acts_since(begun) > 0 {
                    let mut found = figures.false_sentences.lock().unwrap();
                    found.push(format!("{act:?} {key}: {said}"));
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn post(&self, node: &str, path: &str, key: &str, body: &Value) -> Option<(u16, Value)> {
        let request = self
            .http
            .post(format!("{node}/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("idempotency-key", key)
            .header("content-type", "application/json");
        let mut answer = request.send(body.to_string()).ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some((answer.status().as_u16(), body))
    }

    /// The number of this client's acts on record since then; waits for the database.
    fn acts_since(&self, begun: SystemTime) -> i64 {
        let _one = self.field.looking.lock().unwrap();
        self.runtime.block_on(async {
            loop {
                if let Some(count) = self.count(begun).await {
                    return count;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    }

    async fn count(&self, begun: SystemTime) -> Option<i64> {
        let url = &self.field.database;
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.ok()?;
        let connection = tokio::spawn(connection);
        let question = "select count(*) from audit_event where actor = $1 and at >= $2";
        let row = client
            .query_one(question, &[&self.actor, &begun])
            .await
            .ok()?;
        drop(client);
        let _ = connection.await;
        Some(row.get(0))
    }
}
