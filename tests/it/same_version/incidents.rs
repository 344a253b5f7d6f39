//! One writer moves an incident to its next state. The other saves its facts (console) or publishes them (API).

use candor::incident::{Facts, steer};
use candor::staff::StaffRole;
use serde_json::json;

use super::{Pair, Request, To, Writers, name_of, rounds};
use crate::house::House;

fn moves(slug: &str, by_api: bool) -> Request {
    let at = format!("/console/incidents/{slug}");
    let to = match by_api {
        true => To::Api(
            format!("/incidents/{slug}/state"),
            json!({ "to": "confirmed", "version": 1 }),
        ),
        false => To::Form(
            at.clone(),
            format!("{at}/state"),
            vec![("to", "confirmed".to_owned())],
        ),
    };
    Request {
        word: "state:confirmed".to_owned(),
        said: format!(
            "{} moved the incident on just now: the state is confirmed (it was suspected)",
            name_of(&to)
        ),
        kept: String::new(),
        to,
    }
}

fn saves(slug: &str) -> Request {
    let at = format!("/console/incidents/{slug}");
    let typed = [("key", "when"), ("value", "Words to keep.")];
    let typed = typed.map(|(name, value)| (name, value.to_owned()));
    Request {
        to: To::Form(at.clone(), format!("{at}/facts"), typed.to_vec()),
        word: "fact:when".to_owned(),
        said: "Ana changed the fact sheet just now: the fact “when”".to_owned(),
        kept: "when: Words to keep.".to_owned(),
    }
}

fn publishes(slug: &str) -> Request {
    Request {
        to: To::Api(
            format!("/incidents/{slug}/facts/publish"),
            json!({ "version": 1 }),
        ),
        word: "published".to_owned(),
        said: "Program published the fact sheet just now: title and facts are public".to_owned(),
        kept: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_changes_of_one_version_of_an_incident_one_is_made_and_the_other_hears_of_it() {
    let writers = Writers::new(House::new().await, StaffRole::Comms).await;
    let app = &writers.house.app;
    for pair in [Pair::Api, Pair::Console, Pair::Mixed] {
        for round in 0..rounds() {
            let slug = format!("{pair:?}-{round}").to_lowercase();
            steer::open(app, writers.ana, &slug, "Theft", &Facts::new())
                .await
                .unwrap();
            let both = match pair {
                Pair::Api => [moves(&slug, true), publishes(&slug)],
                Pair::Console => [moves(&slug, false), saves(&slug)],
                Pair::Mixed => [moves(&slug, true), saves(&slug)],
            };
            writers.meet(1, &both);
        }
    }
    let twice = "select count(*) from incident where version <> 2";
    assert_eq!(writers.house.number(twice).await, 0);
}
