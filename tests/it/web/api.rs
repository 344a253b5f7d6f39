//! Rules that hold for the whole API: idempotency keys, versions, and the incident resource as the model of the others.

use candor::staff::StaffRole::Comms;
use serde_json::{Value, json};

use crate::client::{ApiClient, Seen, Site};
use crate::house::House;

fn breach(slug: &str) -> Value {
    json!({ "slug": slug, "title": "A breach", "facts": { "what_happened": "Somebody got in." } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_opened_told_of_and_moved_on() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let seen = program.post("/incidents", &breach("carrier"));
    assert_eq!((seen.status, seen.header("etag")), (201, "\"1\""));
    let opened = seen.json();
    let id = opened["id"].as_str().unwrap();
    assert_eq!(seen.header("location"), format!("/api/v1/incidents/{id}"));
    assert_eq!(program.get("/incidents/carrier").json(), opened);
    assert_eq!(program.get(&format!("/incidents/{id}")).json(), opened);

    let news = json!({ "kind": "being_checked", "body": "We are counting." });
    let seen = program.post("/incidents/carrier/updates", &news);
    assert_eq!(
        (seen.status, &seen.json()["kind"]),
        (201, &json!("being_checked"))
    );
    assert_eq!(
        program.get("/incidents/carrier").json()["updates"][0],
        seen.json()
    );

    let to = |state: &str, version: Value| {
        program.post(
            "/incidents/carrier/state",
            &json!({ "to": state, "version": version }),
        )
    };
    assert_eq!(to("confirmed", Value::Null).status, 428);
    let seen = to("confirmed", json!(1));
    assert_eq!((seen.status, seen.header("etag")), (200, "\"2\""));
    let seen = to("closed", json!(2));
    assert_eq!(seen.status, 409);
    assert_eq!(seen.json()["from"], "confirmed");
    let seen = to("scoping", json!(1));
    assert_eq!((seen.status, &seen.json()["version"]), (409, &json!(2)));
    let seen = program.post_with(
        "/incidents/carrier/state",
        &[("idempotency-key", "by tag"), ("if-match", "\"2\"")],
        &json!({ "to": "scoping" }),
    );
    assert_eq!(seen.status, 200);
    assert_eq!(program.post("/incidents", &breach("carrier")).status, 409);
    assert_eq!(
        program.post("/incidents", &breach("Not A Slug")).status,
        422
    );
}

fn once(program: &ApiClient, key: &str, body: &Value) -> Seen {
    program.post_with("/incidents", &[("idempotency-key", key)], body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_first_answer_again() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    assert_eq!(
        program.post_with("/incidents", &[], &breach("a")).status,
        400
    );
    let first = once(&program, "k1", &breach("a"));
    let again = once(&program, "k1", &breach("a"));
    assert_eq!((again.status, &again.body), (201, &first.body));
    for header in ["etag", "location", "content-type"] {
        assert_eq!(again.header(header), first.header(header));
    }
    assert_eq!(house.number("select count(*) from incident").await, 1);
    // A refusal is stored and replayed like any other answer.
    let refused = once(&program, "k2", &breach("a"));
    assert_eq!(refused.status, 409);
    house.sql("update incident set slug = 'b'").await;
    assert_eq!(once(&program, "k2", &breach("a")).body, refused.body);
    // The key is used with another body, with another address and by another account.
    assert_eq!(once(&program, "k1", &breach("c")).status, 422);
    let elsewhere = program.post_with(
        "/incidents/b/state",
        &[("idempotency-key", "k1")],
        &breach("a"),
    );
    assert_eq!(elsewhere.status, 422);
    let other = site.program(&[Comms]).await;
    assert_eq!(once(&other, "k1", &breach("c")).status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_that_are_kept_are_sealed() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    once(&program, "k", &breach("plainly-visible"));
    let found = "select count(*) from idempotency where encode(answer, 'escape') like '%plainly%'";
    assert_eq!(house.number(found).await, 0);
    assert_eq!(
        house
            .number("select count(*) from idempotency where status = 201")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_may_yet_succeed_frees_its_key() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[candor::staff::StaffRole::Lead]).await;
    assert_eq!(once(&program, "k", &breach("a")).status, 403);
    house.sql("update staff set roles = '{comms}'").await;
    assert_eq!(once(&program, "k", &breach("a")).status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_requests_one_does_the_act() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    for round in 0..10 {
        let key = format!("race-{round}");
        let body = breach(&key);
        let seen: Vec<Seen> = tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                let racers: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| once(&program, &key, &body)))
                    .collect();
                racers
                    .into_iter()
                    .map(|racer| racer.join().unwrap())
                    .collect()
            })
        });
        assert!(seen.iter().any(|seen| seen.status == 201), "{seen:?}");
        for other in seen.iter().filter(|seen| seen.status != 201) {
            assert_eq!(other.json()["type"], "urn:candor:problem:still-running");
        }
        assert_eq!(once(&program, &key, &body).status, 201);
    }
    assert_eq!(house.number("select count(*) from incident").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_of_a_process_that_died_is_not_done_twice() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    once(&program, "k", &breach("a"));
    house
        .sql("update idempotency set status = null, answer = null")
        .await;
    assert_eq!(
        once(&program, "k", &breach("a")).json()["type"],
        "urn:candor:problem:still-running"
    );
}
