//! Acts of several transactions, each repeated with its key until it is answered, while the node that does it is killed:
//! between the act and its answer only the short answer stands. `CANDOR_CRASHES=50` is the whole of it.

use std::time::{Duration, Instant};

use candor::actor::Actor;
use candor::staff::StaffRole::{Admin, Comms};
use candor::staff::key;
use serde_json::Value;
use ureq::Agent as Http;

use super::crashes::{CLAIM, Node, SLACK, http, strikes};
use crate::house::House;
use crate::people::Scene;

/// More than are put in force in one transaction.
const ROWS: usize = 10_200;

/// A program that asks one node.
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
                // What a killed node left of an import or an activation is locked until Postgres sees that it is gone.
                Some("in-the-way") if said.contains("at work") => {}
                other => panic!("{path} {key}: {status} {other:?} {answer}"),
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

fn rows(round: usize) -> String {
    let locale = ["en", "de"][round % 2];
    let mut csv = "reference,email,name,locale,elements\n".to_owned();
    for n in 0..ROWS {
        csv.push_str(&format!(
            "R-{n},r{n}@example.org,Person {n},{locale},name\n"
        ));
    }
    csv
}

/// The number of the draft that waits.
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

/// A moment between two rounds, and inside of what a round takes.
fn moment(round: usize) -> Duration {
    Duration::from_millis(37 * (round as u64 + 1) % 1_100)
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_of_several_transactions_are_done_once_whatever_is_killed_under_them() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let made = key::create(
        &house.app,
        Actor::System("test"),
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
    let json = "application/json";
    let rounds = strikes();
    for round in 0..rounds {
        let list = rows(round);
        let (url, runtime) = (house.url.clone(), tokio::runtime::Handle::current());
        let draft = move || runtime.block_on(draft(&url));
        let acting = tokio::task::spawn_blocking(move || {
            let key = |act: &str| format!("{act}-{round}");
            client.done("/stop", &key("stop"), (json, "{}"));
            client.done("/start", &key("start"), (json, "{}"));
            client.done(
                "/incidents/sundmere/scopes",
                &key("import"),
                ("text/csv", &list),
            );
            // A killed import left its number to nobody.
            let active = format!("/incidents/sundmere/scopes/{}/activate", draft());
            client.done(&active, &key("activate"), (json, "{}"));
            client
        });
        tokio::time::sleep(moment(round)).await;
        node.strike();
        client = acting.await.unwrap();
    }
    println!(
        "{rounds} kills; {} short answers; a claim lasts {CLAIM} s",
        client.short
    );
    let version = "select count(*) from scope_version where status in ('active', 'superseded')";
    assert_eq!(house.number(version).await, rounds as i64);
    for act in [
        "sending.stop",
        "sending.start",
        "scope.import",
        "scope.activate",
    ] {
        let acts = format!("select count(*) from audit_event where deed = '{act}'");
        assert_eq!(house.number(&acts).await, rounds as i64, "{act}");
    }
    let people = format!(
        "select count(*) from person where incident_id = '{}'",
        scene.incident.uuid()
    );
    assert_eq!(house.number(&people).await, ROWS as i64);
}
