//! Pages of campaigns: what each says is true, and says of how many people and until when.

mod running;

use candor::actor::Actor;
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::{self, NewCampaign};
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, hold};
use candor::id::CampaignId;
use candor::incident::{Facts, steer};
use candor::mail::Reply;
use candor::staff::StaffRole::{Admin, Approver, Comms};
use serde_json::json;

use crate::client::{Browser, Seen, Site};
use crate::house::House;
use crate::html::has;
use crate::people::{BODY, Scene, list, list_of_three_without_phones, submitted};

/// A house with `people` on the list, and a first notice to them with this text.
async fn drafted(settings: &str, people: usize, body: &str) -> (House, Scene, Site, CampaignId) {
    let (house, scene, site) = Scene::open(settings).await;
    scene.import(&house, &list(people, "name")).await;
    let (kind, all) = (CampaignKind::Initial, Audience::default());
    let campaign = draft(&house, &scene, kind, body, all).await;
    (house, scene, site, campaign)
}

async fn draft(
    house: &House,
    scene: &Scene,
    kind: CampaignKind,
    body: &str,
    audience: Audience,
) -> CampaignId {
    let name = format!("F{}", house.number("select count(*) from template").await);
    let new = NewCampaign {
        incident: scene.incident,
        template: scene.template(house, &name, body).await,
        template_version: 1,
        kind,
        audience,
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Leave,
    };
    launch::create(&house.app, scene.comms, &new).await.unwrap()
}

fn get(browser: &Browser, path: &str) -> Seen {
    tokio::task::block_in_place(|| browser.get(path))
}

fn page(browser: &Browser, campaign: CampaignId) -> String {
    get(browser, &format!("/console/campaigns/{campaign}")).body
}

/// Two people told too much, two who are no longer affected, one told rightly.
async fn told_wrongly(house: &House, scene: &Scene) {
    scene.import(house, &list(5, "name;phone")).await;
    scene.launched(house, CampaignKind::Initial).await;
    house.send_all().await;
    house.mail.take_sent();
    let second = list_of_three_without_phones();
    scene.import(house, &second).await;
}

const SORRY: &str =
    "Dear {{ name }}, we are sorry.{{#if has.any}} Taken: {{ elements }}.{{/if}} {{ status_link }}";

/// A text for both cases needs no acknowledgement.
async fn each_person_reads_their_own_part(
    house: &House,
    scene: &Scene,
    approver: &Browser,
    told: Audience,
) {
    let correction = CampaignKind::Correction;
    let right = "Dear {{ name }}, this was not taken: {{ told_wrongly }}.\n\n{{#if has.any}}\nTaken: {{ elements }}.\n{{/if}}\n\n\
        {{#if has.none}}\nNothing of yours was taken after all.\n{{/if}}\n\n{{ status_link }}";
    let right = draft(house, scene, correction, right, told).await;
    let hash = launch::submit(&house.app, scene.comms, right)
        .await
        .unwrap();
    let shown = page(approver, right);
    let (_, retracted) = shown.split_once("id=\"not-affected\"").unwrap();
    let (retracted, sample) = retracted.split_once("</section>").unwrap();
    has(retracted, "Nothing of yours was taken after all.");
    assert!(!sample.contains("Nothing of yours was taken"), "{sample}");
    launch::approve(&house.app, scene.approver, right, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, right)
        .await
        .unwrap();
    house.send_all().await;
    let texts: Vec<_> = house
        .mail
        .take_sent()
        .iter()
        .map(|one| candor::mail::read::read(&one.raw).text)
        .collect();
    assert_eq!(texts.len(), 4);
    let after_all = |text: &&String| text.contains("Nothing of yours was taken after all");
    assert_eq!(texts.iter().filter(after_all).count(), 2);
    assert!(
        texts
            .iter()
            .all(|text| text.contains("this was not taken:"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_correction_that_does_not_say_what_was_wrong_is_acknowledged_with_its_number() {
    let (house, scene, site) = Scene::open("").await;
    told_wrongly(&house, &scene).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let (correction, told) = (CampaignKind::Correction, Audience::default());
    let sorry = draft(&house, &scene, correction, SORRY, told.clone()).await;
    let keys = match launch::submit(&house.app, scene.comms, sorry).await {
        Err(CampaignError::NotReady(review, _)) => review.acknowledge,
        other => panic!("{other:?}"),
    };
    let keys: Vec<_> = keys
        .iter()
        .map(|one| (one.key.as_str(), one.people))
        .collect();
    assert_eq!(keys, [("en:told-wrongly=4", 4), ("en:not-affected=2", 2)]);
    let shown = page(&comms, sorry);
    has(
        &shown,
        "4 people were told of something that is not theirs, and the text “en” does not say of what.",
    );
    has(
        &shown,
        "2 people are not affected any more, and the text “en” has no words for that",
    );
    // A consent to another number is no consent.
    let other = [
        "en:told-wrongly=3".to_owned(),
        "en:not-affected=2".to_owned(),
    ];
    let refused = launch::submit_with(&house.app, scene.comms, sorry, &other.into()).await;
    assert!(
        matches!(refused, Err(CampaignError::NotReady(..))),
        "{refused:?}"
    );
    submitted(&house.app, scene.comms, sorry).await.unwrap();
    // The approver reads the text for a person who is no longer affected.
    let approver = site.signed_in("Approver", &[Approver]).await;
    let shown = page(&approver, sorry);
    has(&shown, "The text for people who are no longer affected");
    has(&shown, "4 people were told of something that is not theirs");
    has(&shown, "Acknowledged by");

    each_person_reads_their_own_part(&house, &scene, &approver, told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_that_may_have_been_told_is_named_so_wherever_it_is_shown() {
    let (house, scene, site, first) = drafted("", 2, BODY).await;
    lose_all(&house, &scene, first).await;
    let (comms, approver) = (
        site.signed_in("Comms", &[Comms]).await,
        site.signed_in("Approver", &[Approver]).await,
    );
    has(
        &get(&comms, "/console").body,
        "2 notices were left uncertain, and their people were not told since",
    );
    let maybe = Audience {
        may_have_been_told: true,
        ..Audience::default()
    };
    let again = draft(&house, &scene, CampaignKind::Initial, BODY, maybe).await;
    let hash = launch::submit(&house.app, scene.comms, again)
        .await
        .unwrap();
    let shown = page(&approver, again);
    has(
        &shown,
        "to whom an earlier notice was left uncertain: each may get this a second time",
    );
    has(
        &get(&approver, &format!("/console/campaigns/{again}/approval")).body,
        "An earlier notice to each of them was left uncertain: they may read it twice.",
    );
    has(
        &get(&comms, "/console/campaigns").body,
        "each may get this a second time",
    );
    launch::approve(&house.app, scene.approver, again, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, again)
        .await
        .unwrap();
    house.send_all().await;
    has(
        &page(&comms, again),
        "<b>2</b> messages that were sent here may be a second notice to their people",
    );
    // Once those people are told, no one waits for the uncertain notices.
    let shown = get(&comms, "/console").body;
    assert!(!shown.contains("left uncertain"), "{shown}");
}

/// Sends a campaign; the relay loses every message.
async fn lose_all(house: &House, scene: &Scene, campaign: CampaignId) {
    let lost = |_: &candor::mail::Letter| {
        Some(Reply::Unknown {
            why: "the connection was lost".to_owned(),
        })
    };
    house.mail.answer_by(lost);
    scene.launch(house, campaign).await;
    house.send_all().await;
    house.mail.answer_by(|_| None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncertain_notice_waits_for_no_decision_once_its_people_know_what_is_theirs() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(2, "name;phone")).await;
    let (kind, all) = (CampaignKind::Initial, Audience::default());
    let first = draft(&house, &scene, kind, BODY, all).await;
    lose_all(&house, &scene, first).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let board = || get(&comms, "/console").body;
    has(
        &board(),
        "2 notices were left uncertain, and their people were not told since",
    );
    // The phone number was not taken after all; the correction names only their name.
    scene.import(&house, &list(2, "name")).await;
    has(&board(), "2 notices were left uncertain");
    let maybe = Audience {
        may_have_been_told: true,
        ..Audience::default()
    };
    let again = draft(&house, &scene, CampaignKind::Initial, BODY, maybe).await;
    scene.launch(&house, again).await;
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 2);
    assert!(!board().contains("left uncertain"), "{}", board());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_does_not_wait_for_the_count_of_uncertain_notices() {
    let (house, scene, site, campaign) = drafted("", 2, BODY).await;
    lose_all(&house, &scene, campaign).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let raw = house.raw().await;
    raw.batch_execute("begin; lock table outcome in access exclusive mode")
        .await
        .unwrap();
    let begun = std::time::Instant::now();
    let shown = get(&comms, "/console");
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
    has(
        &shown.body,
        "2 notices were left uncertain: each may have arrived. People who were told since are counted, too.",
    );
    // The rest of the page is read all the same.
    has(&shown.body, "Everyone accounted for");
    raw.batch_execute("commit").await.unwrap();
    has(
        &get(&comms, "/console").body,
        "2 notices were left uncertain, and their people were not told since",
    );
}
