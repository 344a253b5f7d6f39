//! Crashes of Postgres and kills of web nodes under clients that repeat each POST with its key until they have an
//! answer. `CANDOR_CRASHES=50` runs the full size.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use candor::actor::{Actor, System};
use candor::staff::StaffRole::{Agent, Comms};
use candor::staff::key;
use serde_json::{Value, json};
use ureq::Agent as Http;

use crate::house::House;
use crate::people::{BODY, Scene};
use crate::program::{Program, Running};
use crate::promises::storm::Postgres;

const CLIENTS: usize = 64;
/// Length of a claim in seconds.
pub(super) const CLAIM: u64 = 2;
/// Seconds that a client's clock and its pauses add to the end of a claim.
pub(super) const SLACK: Duration = Duration::from_secs(3);

/// The requests that one client repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Ticket,
    Note,
    Campaign,
    Update,
    Template,
    Incident,
}

const ACTS: [Act; 6] = [
    Act::Ticket,
    Act::Note,
    Act::Campaign,
    Act::Update,
    Act::Template,
    Act::Incident,
];

/// The counts of the whole test.
#[derive(Debug, Default)]
struct Figures {
    done: AtomicUsize,
    of: [AtomicUsize; ACTS.len()],
    unsure: AtomicUsize,
    unchanged: AtomicUsize,
    away: AtomicUsize,
    running: AtomicUsize,
    broken_off: AtomicUsize,
    /// The longest time in which a key was answered with "still running".
    stuck: Mutex<Duration>,
    false_sentences: Mutex<Vec<String>>,
}

/// What every client shares.
struct Field {
    nodes: Vec<String>,
    database: String,
    template: String,
    ticket: String,
    ending: AtomicBool,
    /// Only one client at a time reads the database.
    looking: Mutex<()>,
    figures: Figures,
}

struct Client {
    field: Arc<Field>,
    runtime: tokio::runtime::Handle,
    http: Http,
    no: usize,
    key: String,
    actor: String,
}

pub(super) fn http() -> Http {
    let config = Http::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

impl Client {
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

/// A web node; its process is replaced after each kill.
pub(super) struct Node {
    program: Program,
    running: Option<Running>,
}

impl Node {
    pub(super) async fn start(house: &House) -> Self {
        let program = Program::of(house)
            .with("CANDOR__HTTP__CLAIM_SECONDS", &CLAIM.to_string())
            .with("CANDOR__HTTP__METRICS_LISTEN", "")
            .with("CANDOR__DATABASE__POOL", "8");
        let mut running = program.start("serve");
        running.until_ready(&program).await;
        Self {
            program,
            running: Some(running),
        }
    }

    pub(super) fn base(&self) -> String {
        self.program.base()
    }

    pub(super) fn strike(&mut self) {
        self.running.take().unwrap().kill();
        self.running = Some(self.program.start("serve"));
    }
}

pub(super) fn strikes() -> usize {
    let named = std::env::var("CANDOR_CRASHES").ok();
    named.map_or(3, |count| count.parse().unwrap())
}

/// Waits until this number of further acts is done.
async fn until_more(field: &Field, more: usize) {
    let goal = field.figures.done.load(Ordering::Relaxed) + more;
    let deadline = Instant::now() + Duration::from_secs(60);
    while field.figures.done.load(Ordering::Relaxed) < goal {
        assert!(Instant::now() < deadline, "no act is done any more");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_is_done_once_whichever_process_dies() {
    let mut postgres = Postgres::start().await;
    let house = House::at(&postgres.cluster.url("storm"), "").await;
    let scene = Scene::new(&house).await;
    let template = scene.template(&house, "first", BODY).await.to_string();
    let mut nodes = vec![Node::start(&house).await, Node::start(&house).await];
    let mut made = Vec::new();
    for _ in 0..CLIENTS {
        let by = Actor::System(System::Cli);
        made.push(
            key::create(&house.app, by, "program", &[Comms, Agent])
                .await
                .unwrap(),
        );
    }
    let bases: Vec<_> = nodes.iter().map(|node| node.program.base()).collect();
    let first = made[0].1.expose();
    let base = bases[0].clone();
    let call = json!({ "incident": "sundmere", "channel": "phone", "text": "The first" });
    let ticket = tokio::task::block_in_place(|| {
        let mut answer = http()
            .post(format!("{base}/api/v1/tickets"))
            .header("authorization", format!("Bearer {first}"))
            .header("idempotency-key", "first")
            .header("content-type", "application/json")
            .send(call.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let ticket: Value = serde_json::from_str(&text).unwrap();
        ticket["id"].as_str().unwrap().to_owned()
    });
    let of = |table: &str| format!("select count(*) from {table}");
    let tables = [
        "ticket",
        "ticket_message where kind = 'note'",
        "campaign",
        "incident_update",
        "template",
        "incident",
    ];
    let mut before = Vec::new();
    for table in tables {
        before.push(house.number(&of(table)).await);
    }
    let field = Arc::new(Field {
        nodes: bases,
        database: house.url.clone(),
        template,
        ticket,
        ending: AtomicBool::new(false),
        looking: Mutex::default(),
        figures: Figures::default(),
    });
    let begun = Instant::now();
    let clients: Vec<_> = made
        .iter()
        .enumerate()
        .map(|(no, made)| {
            let client = Client {
                field: Arc::clone(&field),
                runtime: tokio::runtime::Handle::current(),
                http: http(),
                no,
                key: made.1.expose(),
                actor: Actor::Staff(made.0.id).to_string(),
            };
            std::thread::spawn(move || client.run())
        })
        .collect();
    let (mut crashes, mut kills) = (0, 0);
    for strike in 0..strikes() {
        until_more(&field, CLIENTS + strike % 7).await;
        match strike % 3 {
            0 => {
                postgres.crash().await;
                crashes += 1;
            }
            n => {
                nodes[n - 1].strike();
                kills += 1;
            }
        }
    }
    until_more(&field, CLIENTS).await;
    field.ending.store(true, Ordering::Relaxed);
    tokio::task::block_in_place(|| {
        for client in clients {
            client.join().unwrap();
        }
    });
    let figures = &field.figures;
    let mut counted = Vec::new();
    for (n, table) in tables.into_iter().enumerate() {
        let found = house.number(&of(table)).await - before[n];
        counted.push((table, found, figures.of[n].load(Ordering::Relaxed) as i64));
    }
    println!(
        "{crashes} crashes of Postgres, {kills} kills of web nodes, {CLIENTS} clients, {:?}: {} acts; answers: {} not \
         known, {} changed nothing, {} away or broken, {} still running, {} connections broke off; a key was stuck for \
         {:?} at most",
        begun.elapsed(),
        figures.done.load(Ordering::Relaxed),
        figures.unsure.load(Ordering::Relaxed),
        figures.unchanged.load(Ordering::Relaxed),
        figures.away.load(Ordering::Relaxed),
        figures.running.load(Ordering::Relaxed),
        figures.broken_off.load(Ordering::Relaxed),
        figures.stuck.lock().unwrap(),
    );
    assert_eq!(
        *figures.false_sentences.lock().unwrap(),
        Vec::<String>::new()
    );
    for (table, found, done) in counted {
        assert_eq!(found, done, "{table}");
    }
    drop(nodes);
    drop(house);
    postgres.cluster.stop().await.unwrap();
}
