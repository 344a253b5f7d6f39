//! A list that comes in force while a campaign is being sent.

use candor::campaign::CampaignKind;
use candor::delivery::freeze;
use candor::id::IncidentId;
use candor::mail::Reply;
use candor::scope::activate::{ActivateError, activate};
use candor::scope::consent::{Consent, Ending, Question, yes_to};
use candor::scope::{ScopeMode, Version};
use candor::staff::StaffRole::Comms;
use chrono::TimeDelta;
use serde_json::json;

use crate::client::Site;
use crate::house::House;
use crate::people::Scene;

fn list(people: usize, elements: &str) -> String {
    let mut csv = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
    for n in 0..people {
        csv.push_str(&format!(
            "R-{n:05},p{n}@d{n}.example,Person {n},en,US-WA,{elements}\n"
        ));
    }
    csv
}

async fn put_in_force(
    house: &House,
    scene: &Scene,
    version: i32,
    consent: Consent,
) -> Result<Version, ActivateError> {
    activate(&house.app, scene.comms, scene.incident, version, consent).await
}

/// Defers the notices to these people.
fn waits(house: &House, from: usize) {
    house.mail.answer_by(move |letter| {
        let to = letter.recipient.as_str().trim_start_matches('p');
        let (person, _) = to.split_once('@')?;
        (person.parse::<usize>().ok()? >= from)
            .then(|| Reply::heard(450, "4.2.1 come again later", None))
    });
}

async fn told(house: &House, incident: IncidentId) -> i64 {
    let sql = format!(
        "select count(*) from person_now where incident_id = '{}' and told is not null",
        incident.uuid()
    );
    house.number(&sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_takes_back_is_confirmed_once_although_more_people_are_told_meanwhile() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    waits(&house, 5);
    house.send_all().await;
    assert_eq!(told(&house, scene.incident).await, 5);
    let version = scene.read(&house, ScopeMode::Full, &list(20, "name")).await;
    let refused = put_in_force(&house, &scene, version, Consent::NotGiven).await;
    let Err(ActivateError::Unconfirmed { questions, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(questions, [Question::ToldTooMuch { number: 5 }]);

    // Sending continues between question and answer.
    waits(&house, 19);
    house.app.clock.advance(TimeDelta::hours(1));
    house.send_all().await;
    assert_eq!(told(&house, scene.incident).await, 19);
    let yes = Consent::Numbers(yes_to(&questions));
    let active = put_in_force(&house, &scene, version, yes).await.unwrap();
    let delta = active.delta.unwrap();
    assert_eq!(delta.told_too_much, 19, "as it came in force");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_ends_a_campaign_asks_and_says_how_many_are_not_told_yet() {
    let house = House::with("[mail]\nbatch = 5").await;
    let site = Site::open(&house.app).await;
    let (program, browser) = (
        site.program(&[Comms]).await,
        site.signed_in("Cora", &[Comms]).await,
    );
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(200, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    for _ in 0..30 {
        assert!(freeze::step(&house.app).await.unwrap());
    }
    let version = scene
        .read(&house, ScopeMode::Full, &list(201, "name"))
        .await;
    let refused = put_in_force(&house, &scene, version, Consent::NotGiven).await;
    let Err(ActivateError::Unconfirmed { questions, .. }) = refused else {
        panic!("{refused:?}");
    };
    let name = "Initial notice of 23 November".to_owned();
    let untold = Some(200);
    assert_eq!(
        questions,
        [Question::CampaignsEnd {
            number: 1,
            campaigns: vec![Ending {
                name,
                number: 1,
                untold
            }]
        }]
    );
    let page = browser.get(&format!("/console/incidents/sundmere/scopes/{version}"));
    let words = "The campaign “Initial notice of 23 November” (no. 1) ends: 200 of its audience are not told yet.";
    assert!(page.body.contains(words), "{}", page.body);
    let at = format!("/incidents/sundmere/scopes/{version}");
    let seen = program.get(&at).json();
    assert_eq!(seen["questions"][0]["what"], "campaigns_end", "{seen}");
    let asked = program.post(&format!("{at}/activate"), &json!({}));
    assert_eq!(asked.status, 409, "{}", asked.body);
    let confirm = &asked.json()["confirm"];
    assert_eq!(confirm, &json!({"campaigns_ended": 1}));
    let done = program.post(&format!("{at}/activate"), &json!({"confirm": confirm}));
    assert_eq!(done.status, 200, "{}", done.body);
    house.send_all().await;
    let ended = "select count(*) from campaign where status = 'paused' and status_reason like 'List version 2%'";
    assert_eq!(house.number(ended).await, 1);

    // It has ended: the next list does not end it a second time.
    let next = scene
        .read(&house, ScopeMode::Full, &list(202, "name"))
        .await;
    put_in_force(&house, &scene, next, Consent::NotGiven)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_asks_nothing_about_a_campaign_whose_audience_is_complete() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    while freeze::step(&house.app).await.unwrap() {}
    let version = scene.read(&house, ScopeMode::Full, &list(21, "name")).await;
    put_in_force(&house, &scene, version, Consent::NotGiven)
        .await
        .unwrap();
}
