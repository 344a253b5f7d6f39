//! Console and API ask for a consent with the numbers of people who are not told, and say when all are.

use candor::campaign::CampaignKind;
use candor::incident::IncidentState::{Confirmed, Notifying, Scoping};
use candor::staff::StaffRole;
use serde_json::json;

use super::go_through;
use super::waits::PEOPLE;
use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

async fn the_api_asks_with_the_numbers(house: &House, site: &Site) {
    let program = site.program(&[StaffRole::Comms]).await;
    house.sql("update incident set state = 'notifying'").await;
    let seen = program.get("/incidents/sundmere").json()["version"].clone();
    let body = |confirm| json!({ "to": "monitoring", "version": seen, "confirm": confirm });
    let unsaid = program.post("/incidents/sundmere/state", &body(json!(null)));
    let numbers =
        json!({ "in_progress": 2, "needs_letter": 1, "told_too_little": 0, "told_too_much": 0 });
    assert_eq!((unsaid.status, &unsaid.json()["confirm"]), (409, &numbers));
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let row = docs
        .lines()
        .find(|line| line.contains("incidents/{incident}/state"));
    for number in numbers.as_object().unwrap().keys() {
        assert!(
            row.unwrap().contains(&format!("\"{number}\"")),
            "docs/api.md: {number}"
        );
    }
    let said = program.post("/incidents/sundmere/state", &body(numbers));
    assert_eq!(
        (said.status, &said.json()["state"]),
        (200, &json!("monitoring"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_l11_the_console_moves_the_version_that_was_seen_and_asks_with_the_numbers() {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("comms", &[StaffRole::Comms]).await;
    let at = "/console/incidents/sundmere";
    let to = format!("{at}/state");
    go_through(&house, &scene, &[Confirmed]).await;
    let stale = comms.submit(at, &to, &[("to", "scoping"), ("version", "77")]);
    assert_eq!(stale.status, 422, "{}", stale.body);
    assert!(
        stale
            .body
            .contains("This changed since your page was loaded")
    );
    go_through(&house, &scene, &[Scoping, Notifying]).await;
    scene.import(&house, PEOPLE).await;

    let page = comms.get(at).body;
    assert!(
        page.contains(
            "Some people are not told rightly: 2 people are in progress, 1 person needs a letter."
        ),
        "{page}"
    );
    assert!(!page.contains("Everybody is told"));
    let version = super::version(&house, scene.incident).await.to_string();
    let numbers = [
        ("to", "monitoring"),
        ("version", version.as_str()),
        ("in_progress", "2"),
        ("needs_letter", "1"),
    ];
    let unsaid = comms.submit(at, &to, &numbers);
    assert_eq!(unsaid.status, 422, "the page comes again with its numbers");
    assert!(unsaid.body.contains("name=\"needs_letter\" value=\"1\""));
    assert!(
        unsaid
            .body
            .contains("2 people are in progress, 1 person needs a letter")
    );
    let said = [&numbers[..], &[("confirm", "yes")]].concat();
    assert_eq!(comms.submit(at, &to, &said).status, 303);
    let page = comms.get(at).body;
    assert!(
        page.contains("Not yet: 2 people are in progress: not told yet; 1 person needs a letter.")
    );

    the_api_asks_with_the_numbers(&house, &site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_pages_say_that_everybody_is_told_only_when_it_is_true() {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("comms", &[StaffRole::Comms]).await;
    go_through(&house, &scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(&house, &list(1, "name")).await;
    let page = || comms.get("/console/incidents/sundmere").body;
    assert!(!page().contains("Everybody is told"));
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    assert!(page().contains("Everybody is told: monitor"));

    // A person who must not be written to is told nothing.
    let held = "reference,email,name,locale,jurisdiction,elements,flags\n\
        R-00000,person0@example.org,Person 0,en,US-WA,name,\nH1,held@example.org,Held,en,US-WA,name,hold\n";
    scene.import(&house, held).await;
    let page = page();
    assert!(!page.contains("Everybody is told"), "{page}");
    assert!(
        page.contains("1 person is withheld and stays untold."),
        "{page}"
    );
}
