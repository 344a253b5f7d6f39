//! A list of tickets that change while an agent reads it page by page.

use std::collections::BTreeSet;

use candor::staff::StaffRole::Agent;
use candor::ticket::intake;

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

#[tokio::test(flavor = "multi_thread")]
async fn no_ticket_is_missed_that_changes_between_two_pages() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(12, "name;ssn")).await;
    for person in house.people().await {
        intake::ask(&house.app, scene.incident, person, "", "What?")
            .await
            .unwrap();
    }
    let site = Site::open(&house.app).await;
    let program = site.program(&[Agent]).await;
    let (mut seen, mut path) = (BTreeSet::new(), "/tickets?limit=5".to_owned());
    for _ in 0..10 {
        let page = program.get(&path).json();
        for ticket in page["items"].as_array().unwrap() {
            assert!(
                seen.insert(ticket["id"].as_str().unwrap().to_owned()),
                "twice"
            );
        }
        // Tickets on later pages change, which moves them before the pages that were read.
        house
            .sql("update ticket set updated_at = updated_at + interval '1 minute'")
            .await;
        match page["next"].as_str() {
            Some(next) => path = format!("/tickets?limit=5&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 12);
}
