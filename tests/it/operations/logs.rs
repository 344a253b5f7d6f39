//! What the log of a real process says of requests, campaigns and outages (S7).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use candor::campaign::{CampaignKind, UncertainPolicy, launch};
use serde_json::{Value, json};
use ureq::http::Request;

use crate::database_proxy::Valve;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::{Program, Running};

/// A process that writes its log as JSON.
struct Logged {
    program: Program,
    process: Running,
    scratch: Scratch,
}

impl Logged {
    async fn start(house: &House, url: &str, relay: &str) -> Self {
        let scratch = Scratch::new();
        let program = Program::of(house)
            .with_relay("relay", relay, 2)
            .without("CANDOR__LOG__LEVEL")
            .without("CANDOR__DATABASE__URL")
            .with("CANDOR__DATABASE__URL", url)
            // The house approves a campaign, and its links must begin with the house's base URL.
            .with(
                "CANDOR__HTTP__PUBLIC_URL",
                &house.app.config.http.public_url,
            )
            .with("CANDOR__LOG__LEVEL", "info")
            .with("CANDOR__LOG__FORMAT", "json")
            .with("CANDOR__HTTP__METRICS_LISTEN", "");
        let mut process = program.start_logged("run", &scratch.path().join("log"));
        process.until_ready(&program).await;
        Self {
            program,
            process,
            scratch,
        }
    }

    fn log(&self) -> PathBuf {
        self.scratch.path().join("log")
    }

    /// The lines so far.
    fn lines(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.log()).unwrap();
        let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// Waits until a line contains this text; returns all lines.
    async fn until(&self, words: &str) -> Vec<Value> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let lines = self.lines();
            if lines.iter().any(|line| message(line).contains(words)) {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no line says “{words}”: {:#?}", self.lines());
    }

    /// Sends one request; returns status, body, and the request id.
    async fn ask(&self, method: &'static str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.program.base());
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let asked = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .build()
                .into();
            let answer = match method {
                "GET" => agent.run(request.body(()).unwrap()),
                _ => agent.run(request.body("{}".to_owned()).unwrap()),
            };
            let mut answer = answer.unwrap();
            let id = answer.headers().get("x-request-id");
            Answer {
                id: id
                    .map(|id| id.to_str().unwrap().to_owned())
                    .unwrap_or_default(),
                status: answer.status().as_u16(),
                body: answer.body_mut().read_to_string().unwrap(),
            }
        });
        asked.await.unwrap()
    }

    /// A key of the API, with its account's id.
    fn key(&self, role: &str) -> String {
        let made = self
            .program
            .ok(&["key", "create", "--name", "logs", "--role", role]);
        format!("Bearer {}", made.lines().last().unwrap())
    }

    /// Calls the API, which must succeed.
    async fn action(&self, key: &str, path: &str, count: usize) {
        let (once, path) = (format!("action-{count}"), format!("/api/v1{path}"));
        let headers = [
            ("authorization", key),
            ("idempotency-key", &once),
            ("content-type", "application/json"),
        ];
        let answer = self.ask("POST", &path, &headers).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
    }
}

struct Answer {
    status: u16,
    body: String,
    id: String,
}

fn message(line: &Value) -> &str {
    line["fields"]["message"].as_str().unwrap_or_default()
}

/// A field of the request's span.
fn of_request<'l>(line: &'l Value, field: &str) -> &'l str {
    let spans = line["spans"].as_array().map_or(&[][..], Vec::as_slice);
    let span = spans.iter().find(|span| span["name"] == "request");
    span.and_then(|span| span[field].as_str())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_every_line_of_a_request_carries_its_id_and_who_acts_and_so_does_the_answer() {
    let house = House::new().await;
    Scene::new(&house).await;
    let logged = Logged::start(&house, &house.url, "file:///tmp/candor-never-written").await;
    let key = logged.key("comms");
    // This machine counts as a proxy.
    let given = "proxy-5f3a9c0142";
    let headers = [("authorization", &*key), ("x-request-id", given)];
    let seen = logged
        .ask("GET", "/api/v1/incidents/sundmere", &headers)
        .await;
    assert_eq!((seen.status, &*seen.id), (200, given));
    let bad = logged
        .ask("GET", "/", &[("x-request-id", "no good id")])
        .await;
    assert!(
        bad.id.len() == 16 && bad.id.bytes().all(|c| c.is_ascii_hexdigit()),
        "{}",
        bad.id
    );
    let other = logged.ask("GET", "/", &[]).await;
    assert_ne!(other.id, bad.id);
    let lines = logged.lines();
    let of = |id: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|line| of_request(line, "request") == id)
            .collect()
    };
    let raw = house.raw().await;
    let row = raw
        .query_one("select id from staff where name = 'logs'", &[])
        .await
        .unwrap();
    let account_id = candor::id::StaffId::from_uuid(row.get(0));
    let row = raw.query_one("select id from api_key", &[]).await.unwrap();
    let key_id = candor::id::KeyId::from_uuid(row.get(0));
    let mine = of(given);
    assert!(!mine.is_empty());
    for line in mine {
        let expected = (format!("staff:{account_id}"), key_id.to_string());
        assert_eq!(
            (of_request(line, "actor"), of_request(line, "key")),
            (&*expected.0, &*expected.1)
        );
    }
    assert_eq!(of(&other.id).len(), 1);
    let text = std::fs::read_to_string(logged.log()).unwrap();
    assert!(
        !text.contains("cnd_") && !text.contains("\"logs\""),
        "ids only"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_a_campaigns_start_pause_resume_and_end_are_one_line_each_with_counts() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(7, "name;ssn")).await;
    let mail = Scratch::new();
    let logged = Logged::start(
        &house,
        &house.url,
        &format!("file://{}", mail.path().display()),
    )
    .await;
    let id = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let hash = launch::submit(&house.app, scene.comms, id).await.unwrap();
    launch::approve(&house.app, scene.approver, id, &hash)
        .await
        .unwrap();
    let key = logged.key("comms");
    // No message leaves, so that the campaign can be paused before it is complete.
    let actions = [
        "/stop".to_owned(),
        format!("/campaigns/{id}/launch"),
        format!("/campaigns/{id}/pause"),
        format!("/campaigns/{id}/resume"),
        "/start".to_owned(),
    ];
    for (count, action) in actions.iter().enumerate() {
        logged.action(&key, action, count).await;
    }
    let lines = logged.until("a campaign is through").await;
    let said: Vec<_> = lines
        .iter()
        .filter(|line| line["fields"]["campaign"] == id.to_string())
        .map(|line| (message(line), &line["fields"]))
        .filter(|(words, _)| words.starts_with("a campaign "))
        .collect();
    let words: Vec<_> = said.iter().map(|(words, _)| *words).collect();
    let expected = [
        "a campaign starts",
        "a campaign is paused",
        "a campaign goes on",
        "a campaign is through",
    ];
    assert_eq!(words, expected);
    let (_, end) = said.last().unwrap();
    assert_eq!(
        (&end["notices"], &end["sent"], &end["waiting"]),
        (&json!(7), &json!(7), &json!(0))
    );
    let by = said[0].1["by"].as_str().unwrap();
    assert!(by.starts_with("staff:stf_"), "{by}");
}

/// `CANDOR_OUTAGE=60` makes the outage last for that many seconds; the default is two.
#[tokio::test(flavor = "multi_thread")]
async fn s7_an_outage_of_postgres_is_said_once_then_in_sums_then_that_it_is_over() {
    let lasts = std::env::var("CANDOR_OUTAGE")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(2);
    let house = House::new().await;
    let valve = Valve::before(&house.url);
    let logged = Logged::start(&house, &valve.url, "file:///tmp/candor-never-written").await;
    let before = logged.lines().len();
    valve.shut();
    let (begun, mut refused) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(lasts) || refused < 20 {
        let answer = logged.ask("GET", "/incidents/sundmere", &[]).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.body.contains(&format!(
            "Reference <span class=\"mono\">{}</span>",
            answer.id
        )));
        refused += 1;
    }
    valve.open();
    let lines = logged.until("the database is back after").await;
    let warned: Vec<_> = lines[before..]
        .iter()
        .filter(|line| line["level"] != "INFO")
        .collect();
    let words: Vec<_> = warned.iter().map(|line| message(line)).collect();
    let (first, last) = (words[0], words[words.len() - 1]);
    assert_eq!(first, "the database is away; trying again");
    assert!(last.starts_with("the database is back after"), "{words:#?}");
    let sums = &words[1..words.len() - 1];
    assert!(
        sums.iter()
            .all(|word| *word == "the database is still away"),
        "{words:#?}"
    );
    // The first summary comes after 10 s, each next one after twice the time.
    let most = (1..)
        .take_while(|n| 10 * ((1_u64 << n) - 1) <= lasts + 10)
        .count();
    assert!(sums.len() <= most, "{words:#?}");
    let tries = warned[warned.len() - 1]["fields"]["times"]
        .as_u64()
        .unwrap();
    assert!(tries >= refused, "{tries} of {refused}");
    println!(
        "{refused} requests and {tries} failures in {lasts} s: {} lines",
        words.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_an_outage_of_a_relay_is_said_once() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(12, "name;ssn")).await;
    // No process listens on that port.
    let url = format!("smtp://{}", crate::program::free_address());
    let logged = Logged::start(&house, &house.url, &url).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let lines = logged.until("a relay is away").await;
    let said = |lines: &[Value]| {
        lines
            .iter()
            .filter(|line| line["fields"]["relay"] == "relay")
            .count()
    };
    assert_eq!(said(&lines), 1);
    assert_eq!(logged.process.terminate().await.code(), Some(0));
    let log = std::fs::read_to_string(logged.scratch.path().join("log")).unwrap();
    assert_eq!(log.matches("a relay is away").count(), 1, "{log}");
}
