//! Acts that commit in several transactions, each repeated with its key until it is answered, while the node that
//! performs it is killed: only the short answer lies between the act and its answer. The kills are spread over a round;
//! a first round without a kill measures its length. `CANDOR_CRASHES=50` runs the full size.

use std::time::{Duration, Instant};

use candor::actor::{Actor, System};
use candor::campaign::CampaignKind;
use candor::clock::Clock;
use candor::delivery::freeze;
use candor::postal::take::take;
use candor::postal::{PostalKind, post};
use candor::scope::activate;
use candor::staff::StaffRole::{Admin, Comms};
use candor::staff::key;
use serde_json::{Value, json};
use ureq::Agent as Http;

use super::crashes::{CLAIM, Node, SLACK, http, strikes};
use crate::house::House;
use crate::people::Scene;
use crate::postal::REHEARSAL;

/// More than one transaction puts in force.
const ROWS: usize = 10_200;

/// A program that uses one node.
struct Client {
    http: Http,
    base: String,
    key: String,
    short: usize,
}

impl Client {
    fn ask(&self, path: &str, key: &str, (kind, body): (&str, &str)) -> Option<(u16, Value)> {
        let request = self
            .http
            .post(format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.key))
            .header("idempotency-key", key)
            .header("content-type", kind);
        let mut answer = request.send(body).ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some((answer.status().as_u16(), body))
    }

    /// Repeats a request until it is done.
    fn done(&mut self, path: &str, key: &str, body: (&str, &str)) {
        let begun = Instant::now();
        loop {
            assert!(
                begun.elapsed() < Duration::from_secs(60) + SLACK,
                "{path} {key}"
            );
            let Some((status, answer)) = self.ask(path, key, body) else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            let said = answer["detail"].as_str().unwrap_or_default();
            match answer["type"]
                .as_str()
                .map(|kind| kind.rsplit(':').next().unwrap_or_default())
            {
                _ if (200..300).contains(&status) => {
                    self.short += usize::from(said.starts_with("this was done"));
                    return;
                }
                Some("still-running" | "outcome-unknown" | "away" | "broken") => {}
                // The import or activation of a killed node stays locked until Postgres notices the end of the
                // connection.
                Some("in-the-way") if said.contains("at work") || said.contains("is running") => {}
                other => panic!("{path} {key}: {status} {other:?} {answer}"),
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

/// The list of a round: each round one more person has no e-mail address, and needs a postal letter.
fn rows(round: usize) -> String {
    let locale = ["en", "de"][round % 2];
    let mut csv = "reference,email,name,address,locale,elements\n".to_owned();
    for n in 0..ROWS {
        csv.push_str(&format!(
            "R-{n},r{n}@example.org,Person {n},,{locale},name\n"
        ));
    }
    for n in 1..=round {
        csv.push_str(&format!("L-{n},,Letter {n},{n} Main St,en,name\n"));
    }
    csv
}

/// The number of the draft.
async fn draft(url: &str) -> i32 {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let question = "select version from scope_version where status in ('draft', 'activating')";
    let version = client.query_one(question, &[]).await.unwrap().get(0);
    drop(client);
    let _ = connection.await;
    version
}

/// Finishes an activation that a killed node left, as a worker does.
async fn end_activations(house: &House) {
    let half = "select count(*) from scope_version where status = 'activating'";
    let begun = Instant::now();
    while house.number(half).await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "half in force");
        activate::resume(&house.app, None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The acts of one round; returns the client.
fn acts(house: &House, scene: &Scene, campaign: &str, mut client: Client, round: usize) -> Client {
    let runtime = tokio::runtime::Handle::current();
    let json = "application/json";
    let key = |act: &str| format!("{act}-{round}");
    client.done("/stop", &key("stop"), (json, "{}"));
    client.done("/start", &key("start"), (json, "{}"));
    for act in ["pause", "resume"] {
        let path = format!("/campaigns/{campaign}/{act}");
        client.done(&path, &key(act), (json, "{}"));
    }
    let list = rows(round);
    let import = "/incidents/sundmere/scopes";
    client.done(import, &key("import"), ("text/csv", &list));
    // The number that a killed import took stays unused.
    let version = runtime.block_on(draft(&house.url));
    let active = format!("/incidents/sundmere/scopes/{version}/activate");
    client.done(&active, &key("activate"), (json, "{}"));
    let batch = runtime.block_on(async {
        end_activations(house).await;
        let (by, of) = (scene.comms, scene.incident);
        take(&house.app, by, of, PostalKind::Letter, REHEARSAL).await
    });
    let posted = format!("/letters/{}/posted", batch.unwrap().id);
    // The clock of the house stands still; that of a node does not.
    let today = Clock::system().now().date_naive();
    let body = json!({ "on": today }).to_string();
    client.done(&posted, &key("posted"), (json, &body));
    client
}

/// A worker does the rest of a killed node's acts.
async fn each_act_was_done_once(house: &House, scene: &Scene, kills: u32) {
    end_activations(house).await;
    post::resume(&house.app).await.unwrap();
    let rounds = i64::from(kills) + 1;
    let version = "select count(*) from scope_version where status in ('active', 'superseded')";
    assert_eq!(house.number(version).await, rounds + 1);
    for (act, before) in [
        ("sending.stop", 0),
        ("sending.start", 0),
        ("campaign.pause", 0),
        ("campaign.resume", 0),
        ("scope.import", 1),
        ("scope.activate", 1),
        ("letters.posted", 0),
    ] {
        let acts = format!("select count(*) from audit_event where action = '{act}'");
        assert_eq!(house.number(&acts).await, rounds + before, "{act}");
    }
    let people = format!(
        "select count(*) from person where incident_id = '{}'",
        scene.incident.uuid()
    );
    assert_eq!(house.number(&people).await, ROWS as i64 + rounds);
    let letters = "select count(*) from postal_item where status = 'posted'";
    assert_eq!(house.number(letters).await, rounds);
    let told = "select count(*) from person_now where told = 'post'";
    assert_eq!(
        house.number(told).await,
        rounds,
        "each by a letter of their own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_of_several_transactions_are_done_once_whichever_process_is_killed() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &rows(0)).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    while freeze::step(&house.app).await.unwrap() {}
    let campaign = campaign.to_string();
    let made = key::create(
        &house.app,
        Actor::System(System::Cli),
        "program",
        &[Comms, Admin],
    )
    .await;
    let mut node = Node::start(&house).await;
    let mut client = Client {
        http: http(),
        base: node.base(),
        key: made.unwrap().1.expose(),
        short: 0,
    };
    let kills = u32::try_from(strikes()).unwrap();
    let begun = Instant::now();
    client = tokio::task::block_in_place(|| acts(&house, &scene, &campaign, client, 1));
    let took = begun.elapsed();
    for kill in 0..kills {
        // The kills are spread over the length of a round.
        let moment = took * (2 * kill + 1) / (2 * kills);
        let round = 2 + kill as usize;
        let runtime = tokio::runtime::Handle::current();
        client = tokio::task::block_in_place(|| {
            std::thread::scope(|threads| {
                let acting = threads.spawn(|| {
                    let _inside = runtime.enter();
                    acts(&house, &scene, &campaign, client, round)
                });
                std::thread::sleep(moment);
                node.strike();
                acting.join().unwrap()
            })
        });
    }
    println!(
        "a round takes {took:?}; {kills} kills; {} short answers; a claim lasts {CLAIM} s",
        client.short
    );
    each_act_was_done_once(&house, &scene, kills).await;
}
