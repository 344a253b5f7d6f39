//! Crashes of Postgres and kills of web nodes under clients that repeat each POST with its key until they have an
//! answer. `CANDOR_CRASHES=50` runs the full size.

mod client;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use candor::actor::{Actor, System};
use candor::staff::Staff;
use candor::staff::StaffRole::{Agent, Comms};
use candor::staff::key::{self, ApiKey};
use serde_json::{Value, json};

pub(super) use self::client::http;
use self::client::{ACTS, Client, Field, Figures};
use crate::house::House;
use crate::people::{BODY, Scene};
use crate::program::{Program, Running};
use crate::promises::storm::Postgres;

const CLIENTS: usize = 64;
/// Length of a claim in seconds.
pub(super) const CLAIM: u64 = 2;
/// Seconds that a client's clock and its pauses add to the end of a claim.
pub(super) const SLACK: Duration = Duration::from_secs(3);

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

/// The account and key of each client.
async fn accounts(house: &House) -> Vec<(Staff, ApiKey)> {
    let mut made = Vec::new();
    for _ in 0..CLIENTS {
        let by = Actor::System(System::Cli);
        made.push(
            key::create(&house.app, by, "program", &[Comms, Agent])
                .await
                .unwrap(),
        );
    }
    made
}

/// The ticket to which the clients write.
fn first_ticket(base: &str, key: &str) -> String {
    let call = json!({ "incident": "sundmere", "channel": "phone", "text": "The first" });
    tokio::task::block_in_place(|| {
        let mut answer = http()
            .post(format!("{base}/api/v1/tickets"))
            .header("authorization", format!("Bearer {key}"))
            .header("idempotency-key", "first")
            .header("content-type", "application/json")
            .send(call.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let ticket: Value = serde_json::from_str(&text).unwrap();
        ticket["id"].as_str().unwrap().to_owned()
    })
}

/// What each act of [`ACTS`] adds a row to.
const TABLES: [&str; ACTS.len()] = [
    "ticket",
    "ticket_message where kind = 'note'",
    "campaign",
    "incident_update",
    "template",
    "incident",
];

async fn rows(house: &House) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in TABLES {
        let of = format!("select count(*) from {table}");
        rows.push(house.number(&of).await);
    }
    rows
}

/// Postgres crashes, then each node is killed, and so on; how many crashes and kills.
async fn strike_each_in_turn(
    field: &Field,
    postgres: &mut Postgres,
    nodes: &mut [Node],
) -> (usize, usize) {
    let (mut crashes, mut kills) = (0, 0);
    for strike in 0..strikes() {
        until_more(field, CLIENTS + strike % 7).await;
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
    (crashes, kills)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_is_done_once_whichever_process_dies() {
    let mut postgres = Postgres::start().await;
    let house = House::at(&postgres.cluster.url("storm"), "").await;
    let scene = Scene::new(&house).await;
    let template = scene.template(&house, "first", BODY).await.to_string();
    let mut nodes = vec![Node::start(&house).await, Node::start(&house).await];
    let made = accounts(&house).await;
    let bases: Vec<_> = nodes.iter().map(|node| node.program.base()).collect();
    let ticket = first_ticket(&bases[0], &made[0].1.expose());
    let before = rows(&house).await;
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
    let made = made.iter().enumerate();
    let clients: Vec<_> = made
        .map(|(no, made)| Client::spawn(&field, no, made))
        .collect();
    let (crashes, kills) = strike_each_in_turn(&field, &mut postgres, &mut nodes).await;
    until_more(&field, CLIENTS).await;
    field.ending.store(true, Ordering::Relaxed);
    tokio::task::block_in_place(|| {
        for client in clients {
            client.join().unwrap();
        }
    });
    let figures = &field.figures;
    println!(
        "{crashes} crashes of Postgres, {kills} kills of web nodes, {CLIENTS} clients, {:?}: {figures}",
        begun.elapsed()
    );
    let after = rows(&house).await;
    assert_eq!(
        *figures.false_sentences.lock().unwrap(),
        Vec::<String>::new()
    );
    for (n, table) in TABLES.into_iter().enumerate() {
        let done = figures.of[n].load(Ordering::Relaxed) as i64;
        assert_eq!(after[n] - before[n], done, "{table}");
    }
    drop(nodes);
    drop(house);
    postgres.cluster.stop().await.unwrap();
}
