//! The audience of a campaign: who was told what, filters, people held back by another campaign, the language they
//! read.

mod builder;
mod by_hand;
mod counts;
mod languages;
mod random;
mod reference_lists;
mod waves;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use candor::actor::Actor;
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::NewCampaign;
use candor::campaign::{self, CampaignKind, Limits, UncertainPolicy};
use candor::element::{Element, ElementSet};
use candor::id::{BUCKETS, CampaignId, PersonId};
use candor::mail::Reply;
use candor::person::flags::Flags;
use candor::person::place::{Jurisdiction, Locale};
use candor::person::{self, AudienceFilter, Who};
use candor::staff::StaffRole::Comms;
use candor::template::{Variant, Variants, edit};
use serde_json::{Value, json};

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};
use crate::sending::NO_BREAKER;

async fn draft(
    house: &House,
    scene: &Scene,
    kind: CampaignKind,
    body: &str,
    audience: Value,
) -> CampaignId {
    let name = format!("A{}", house.number("select count(*) from template").await);
    let new = NewCampaign {
        incident: scene.incident,
        template: scene.template(house, &name, body).await,
        template_version: 1,
        kind,
        audience: serde_json::from_value(audience).unwrap(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Leave,
    };
    launch::create(&house.app, scene.comms, &new).await.unwrap()
}

async fn send(
    house: &House,
    scene: &Scene,
    kind: CampaignKind,
    body: &str,
    audience: Value,
) -> Vec<String> {
    let campaign = draft(house, scene, kind, body, audience).await;
    scene.launch(house, campaign).await;
    house.send_all().await;
    let mut got: Vec<_> = house
        .mail
        .take_sent()
        .iter()
        .map(|letter| letter.recipient.local().to_owned())
        .collect();
    got.sort();
    got
}

async fn correct(house: &House, scene: &Scene, body: &str, audience: Value) -> Vec<String> {
    send(house, scene, CampaignKind::Correction, body, audience).await
}

const LIST: &str = "Taken of yours: {{ elements }}.";
/// A text that also fits people who are no longer affected.
const CORRECTION: &str =
    "We were wrong.\n\n{{#if has.any}}\nTaken of yours: {{ elements }}.\n{{/if}}";
const HEADER: &str = "reference,email,name,locale,jurisdiction,elements,flags\n";

/// One row of the list; `who` is the reference and the mailbox.
fn row(who: &str, elements: &str) -> String {
    format!("{who},{who}@example.org,Zz,en,US-WA,{elements},\n")
}

/// Two newcomers. One person lost more, one less, one other elements. One person left the scope.
const SECOND: [(&str, &str); 6] = [
    ("more", "name;phone"),
    ("less", "name"),
    ("other", "name;phone"),
    ("same", "name"),
    ("new", "name"),
    ("newer", "name;ssn"),
];

/// What was taken of each person at first.
const FIRST: [(&str, &str); 5] = [
    ("more", "name"),
    ("less", "name;ssn"),
    ("other", "name;ssn"),
    ("gone", "name;phone"),
    ("same", "name"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_reaches_exactly_the_people_it_is_for() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let everybody = |rows: &[(&str, &str)]| {
        rows.iter().fold(HEADER.to_owned(), |csv, (who, elements)| {
            csv + &row(who, elements)
        })
    };
    scene.import(&house, &everybody(&FIRST)).await;
    let got = send(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    assert_eq!(got, ["gone", "less", "more", "other", "same"]);

    scene.import(&house, &everybody(&SECOND)).await;
    // T2: people who were told nothing get no supplement.
    let got = send(&house, &scene, CampaignKind::Supplement, LIST, json!({})).await;
    assert_eq!(got, ["more", "other"]);
    // T3: people who were told of an element that is not theirs, and people who were told and have left the scope. The
    // filter selects by what they were told.
    let by_phone = json!({ "elements": ["phone"] });
    let got = correct(&house, &scene, CORRECTION, by_phone).await;
    assert_eq!(got, ["gone"]);
    let over = json!({ "who": "over_told", "elements": ["ssn"] });
    let got = correct(&house, &scene, LIST, over).await;
    assert_eq!(got, ["less", "other"]);
    // Both were corrected, so the audience is empty.
    let rest = draft(
        &house,
        &scene,
        CampaignKind::Correction,
        CORRECTION,
        json!({}),
    )
    .await;
    let refused = launch::submit(&house.app, scene.comms, rest).await;
    assert!(matches!(refused, Err(CampaignError::Nobody(count)) if count.people() == 0));
    let got = send(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    assert_eq!(got, ["new", "newer"]);
    // The text had a wrong sentence: the audience is every person who was told, including those no longer affected.
    let got = correct(&house, &scene, CORRECTION, json!({ "who": "told" })).await;
    assert_eq!(
        got,
        ["gone", "less", "more", "new", "newer", "other", "same"]
    );
    let knows = "select count(*) from person_now where named <> case when standing = 'retracted' then 0 else exposed end";
    assert_eq!(house.number(knows).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_to_people_who_are_no_longer_affected_names_nothing() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(4, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    scene.import(&house, &list(1, "name;ssn")).await;
    let with_list = draft(&house, &scene, CampaignKind::Correction, LIST, json!({})).await;
    let Err(CampaignError::NotReady(review, _)) =
        launch::submit(&house.app, scene.comms, with_list).await
    else {
        panic!("a list for people of whom nothing was exposed")
    };
    assert_eq!(
        (
            review.unfillable[0].placeholder,
            review.unfillable[0].people
        ),
        ("elements", 3)
    );
    let good = draft(
        &house,
        &scene,
        CampaignKind::Correction,
        CORRECTION,
        json!({}),
    )
    .await;
    scene.launch(&house, good).await;
    house.mail.take_sent();
    house.send_all().await;
    let texts = house.mail.take_sent();
    assert_eq!(texts.len(), 3);
    let text = String::from_utf8(texts[0].raw.clone()).unwrap();
    assert!(
        text.contains("We were wrong") && !text.contains("Social Security"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_with_an_unsettled_notice_elsewhere_are_left_out_and_counted() {
    let house = House::with(NO_BREAKER).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(100, "name")).await;
    house.mail.answer_by(|letter| {
        let n: u32 = letter
            .recipient
            .local()
            .trim_start_matches("person")
            .parse()
            .unwrap();
        (n >= 14).then(|| Reply::heard(450, "4.2.1 The mailbox is busy", None))
    });
    let first = draft(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    scene.launch(&house, first).await;
    // The audience is complete: a list that came into force earlier would have voided the approval.
    house.freeze_all().await;
    house.send_all().await;
    campaign::hold::pause(&house.app, Actor::Staff(scene.comms), first, None)
        .await
        .unwrap();
    let second = draft(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    let refused = launch::submit(&house.app, scene.comms, second).await;
    let Err(CampaignError::Nobody(count)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((count.mailable, count.waiting_elsewhere), (0, 86));

    // The second campaign tells the newcomer. The 86 people wait for the first campaign, and get one notice each.
    scene.import(&house, &list(101, "name")).await;
    house.mail.answer_by(|_| None);
    house.mail.take_sent();
    scene.launch(&house, second).await;
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 1);
    campaign::hold::resume(&house.app, scene.comms, first)
        .await
        .unwrap();
    house.app.clock.advance(chrono::TimeDelta::hours(3));
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 86);
}
