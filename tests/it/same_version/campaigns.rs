//! One writer submits a draft, the other cancels it.

use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, launch};
use candor::staff::StaffRole;
use serde_json::json;

use super::{Pair, Request, To, Writers, name_of, rounds};
use crate::house::House;
use crate::people::{BODY, Scene, list};

/// The act, the status to which it leads, and its words in a history.
const SUBMIT: [&str; 3] = ["submit", "in_review", "submitted it"];
const CANCEL: [&str; 3] = ["cancel", "cancelled", "cancelled it"];

fn acts(id: &str, [act, status, words]: [&str; 3], by_api: bool) -> Request {
    let at = format!("/console/campaigns/{id}");
    let to = match by_api {
        true => To::Api(format!("/campaigns/{id}/{act}"), json!({ "version": 1 })),
        false => To::Form(at.clone(), format!("{at}/{act}"), Vec::new()),
    };
    Request {
        word: format!("status:{status}"),
        said: format!("{} {words} just now: the status is {status}", name_of(&to)),
        kept: String::new(),
        to,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_acts_on_one_version_of_a_campaign_one_is_done_and_the_other_hears_of_it() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let template = scene.template(&house, "First", BODY).await;
    let new = NewCampaign {
        incident: scene.incident,
        template,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let writers = Writers::new(house, StaffRole::Comms).await;
    for pair in [Pair::Api, Pair::Console, Pair::Mixed] {
        for round in 0..rounds() {
            let id = launch::create(&writers.house.app, writers.ana, &new);
            let id = id.await.unwrap().to_string();
            let both = match pair {
                Pair::Api => [acts(&id, SUBMIT, true), acts(&id, CANCEL, true)],
                Pair::Console => [acts(&id, SUBMIT, false), acts(&id, CANCEL, false)],
                Pair::Mixed => [
                    acts(&id, SUBMIT, round % 2 == 0),
                    acts(&id, CANCEL, round % 2 == 1),
                ],
            };
            writers.meet(1, &both);
        }
    }
    let twice = "select count(*) from campaign where version <> 2";
    assert_eq!(writers.house.number(twice).await, 0);
}
