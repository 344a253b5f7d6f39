//! All refusals have one form: the catalogue, its document, and the JSON and page forms.

use std::path::Path;

use candor::app::App;
use candor::clock::Clock;
use candor::config::Config;
use candor::staff::StaffRole::{Comms, Lead};
use candor::web::problem::{Kind, catalogue};
use serde_json::json;

use crate::client::Site;
use crate::house::House;

#[test]
fn the_document_is_the_catalogue() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/problems.md");
    if std::env::var_os("CANDOR_WRITE_DOCS").is_some() {
        std::fs::write(&file, catalogue()).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        written,
        catalogue(),
        "run this test with CANDOR_WRITE_DOCS=1 and read the diff"
    );
}

#[test]
fn every_problem_has_a_name_of_its_own() {
    let mut slugs: Vec<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), Kind::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_with_documents() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let seen = program.get("/incidents/none");
    assert_eq!(seen.header("content-type"), "application/problem+json");
    let expected = json!({
        "type": "urn:candor:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": Kind::NotFound.advice(),
    });
    assert_eq!(seen.json(), expected);
    assert_eq!(program.get("/nowhere").json(), expected);
    let seen = program.get("/incidents");
    assert_eq!((seen.status, seen.header("allow")), (405, "POST"));
    assert_eq!(seen.json()["type"], "urn:candor:problem:method-not-allowed");
    let seen = site.program(&[Lead]).await.post("/incidents", &json!({}));
    assert_eq!(seen.json()["type"], "urn:candor:problem:not-allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_body_is_named_where_it_is_bad() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let facts = json!({ "slug": "a", "title": "A", "facts": { "what": 7 } });
    let seen = program.post("/incidents", &facts);
    assert_eq!(
        (seen.status, &seen.json()["at"]),
        (400, &json!("facts.what"))
    );
    let seen = program.post(
        "/incidents",
        &json!({ "slug": "a", "title": "A", "colour": 1 }),
    );
    assert!(seen.json()["detail"].as_str().unwrap().contains("colour"));
    let send = |kind, body: &str, n: &str| {
        program.send(
            "/incidents",
            &[("content-type", kind), ("idempotency-key", n)],
            body,
        )
    };
    assert_eq!(send("application/json", "{", "1").status, 400);
    assert_eq!(send("application/json", "{} {}", "2").status, 400);
    assert_eq!(send("text/plain", "{}", "3").status, 415);
    let large = "x".repeat(house.app.config.http.body_limit + 1);
    assert_eq!(send("application/json", &large, "4").status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_answer_with_pages() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let browser = site.browser();
    let seen = browser.get("/nowhere");
    assert!(seen.header("content-type").starts_with("text/html"));
    assert!(
        seen.body.contains("We cannot show this page"),
        "{}",
        seen.body
    );
    let seen = browser.get("/console/nowhere");
    assert!(
        seen.body.contains("Not found, or not yours to see"),
        "{}",
        seen.body
    );
    let seen = browser.post("/healthz", &[], &[]);
    assert_eq!((seen.status, seen.header("allow")), (405, "GET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_say_so_when_the_database_is_away() {
    let env = [
        (
            "CANDOR__DATABASE__URL",
            "postgres://nobody@127.0.0.1:1/none",
        ),
        (
            "CANDOR__SECRETS__MASTER_KEY",
            "0707070707070707070707070707070707070707070707070707070707070707",
        ),
    ];
    let env = env.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let app = App::new(Config::from_parts(None, env).unwrap(), Clock::system()).unwrap();
    let site = Site::open(&app).await;
    let browser = site.browser();
    assert_eq!(browser.get("/healthz").status, 200);
    let cookie = format!("candor_session={}", "A".repeat(43));
    let seen = browser.post("/console/sign-out", &[], &[("cookie", &cookie)]);
    assert_eq!((seen.status, seen.header("retry-after")), (503, "5"));
    assert!(seen.header("content-type").starts_with("text/html"));
    let seen = browser.get("/readyz");
    assert_eq!(seen.status, 503);
    assert_eq!(seen.json()["status"], "not ready");
    let seen = browser.get("/incidents/nowhere");
    assert!(seen.body.contains("We will be back in a moment"));
}
