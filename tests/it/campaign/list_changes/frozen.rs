//! A list comes into force while an audience is being frozen.

use candor::campaign::launch::CampaignError;
use candor::campaign::{CampaignKind, CampaignStatus, hold};
use candor::delivery::freeze;
use candor::id::CampaignId;
use candor::scope::ScopeMode;

use super::{HEADER, counted, first_list, freeze_all, plain, received, row, stands};
use crate::house::House;
use crate::people::Scene;

/// The campaign is held with the reason, cannot be resumed, can be cancelled, and the next campaign tells all the
/// others.
async fn is_void(house: &House, scene: &Scene, campaign: CampaignId, version: i32) {
    let (status, reason, _) = stands(house, campaign).await;
    let reason = reason.unwrap_or_default();
    assert_eq!(status, CampaignStatus::Paused);
    let words = format!("List version {version} came into force before the audience was complete");
    assert!(reason.starts_with(&words), "{reason}");
    assert!(
        reason.contains("draft a new one for those not told yet"),
        "{reason}"
    );
    let audited = format!(
        "select count(*) from audit_event where action = 'campaign.pause' and actor = 'system:freeze' \
         and subject = '{campaign}'"
    );
    assert_eq!(house.number(&audited).await, 1, "once, on record");
    let refused = hold::resume(&house.app, scene.comms, campaign).await;
    let Err(CampaignError::OtherScope {
        approved: 1,
        active,
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(active, version);
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_a_list_in_force_before_the_audience_is_frozen_voids_the_approval() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(20)).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    scene.import(&house, &first_list(21)).await;
    house.send_all().await;
    is_void(&house, &scene, campaign, 2).await;
    assert_eq!(received(&house).len(), 0, "no person was written to");

    hold::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    assert_eq!(received(&house).len(), 21);
    assert_eq!(counted(&house, &scene).await.notified, 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_a_half_frozen_audience_stops_where_it_is_and_the_next_campaign_tells_the_others() {
    let house = House::with("[mail]\nbatch = 5").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(200)).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    for _ in 0..30 {
        assert!(freeze::step(&house.app).await.unwrap());
    }
    let frozen = house.number("select count(*) from notice").await;
    assert!(frozen > 0 && frozen < 200, "{frozen}");
    let mut list = first_list(200);
    list = list.replace("p199@example.org", "other199@example.org");
    scene.import(&house, &list).await;
    freeze_all(&house).await;
    assert_eq!(house.number("select count(*) from notice").await, frozen);
    is_void(&house, &scene, campaign, 2).await;

    hold::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    assert_eq!(received(&house).len(), 0, "what waited was cancelled");
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let got = received(&house);
    assert_eq!(got.len(), 200);
    assert!(got.values().all(|times| *times == 1) && got.contains_key("other199@example.org"));
    counted(&house, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_no_person_is_frozen_from_a_list_that_is_half_in_force() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(50)).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let rows: String = (0..10_100).map(|n| plain(n, "name")).collect();
    let version = scene
        .read(&house, ScopeMode::Full, &(HEADER.to_owned() + &rows))
        .await;
    let half = async {
        let done = format!("select count(*) from scope_applied where version = {version}");
        while house.number(&done).await < 5 {}
    };
    tokio::select! {
        biased;
        () = half => {}
        () = scene.activate(&house, version) => panic!("it was to be left half way"),
    }
    let activating = "select count(*) from scope_version where status = 'activating'";
    assert_eq!(house.number(activating).await, 1);
    freeze_all(&house).await;
    assert_eq!(house.number("select count(*) from notice").await, 0);
    is_void(&house, &scene, campaign, version).await;
    while candor::scope::activate::resume(&house.app, None)
        .await
        .is_err()
        || house.number(activating).await > 0
    {}
    is_void(&house, &scene, campaign, version).await;
}

/// The number of notices of a campaign, all of which are of the approved version.
async fn frozen_of_one_version(house: &House, campaign: CampaignId, old: &str, round: i32) -> i64 {
    let named = candor::element::ElementSet::parse(old).unwrap().bits();
    let of = format!("from notice where campaign_id = '{}'", campaign.uuid());
    let all = house.number(&format!("select count(*) {of}")).await;
    let right = house
        .number(&format!("select count(*) {of} and named = {named}"))
        .await;
    assert_eq!(
        all, right,
        "round {round}: frozen from another version than the approved one"
    );
    all
}

/// However the two meet, the audience is of one version or its campaign is void.
#[tokio::test(flavor = "multi_thread")]
async fn d5_freezing_and_activating_at_once_never_mix_two_versions() {
    let house = House::with("[mail]\nbatch = 5").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(150)).await;
    let (mut void, mut whole) = (0, 0);
    for round in 0..8 {
        let (old, new) = match round % 2 {
            0 => ("name;ssn", "name"),
            _ => ("name", "name;ssn"),
        };
        let campaign = scene.launched(&house, CampaignKind::Initial).await;
        let rows: String = (0..150)
            .map(|n| row((n, &format!("p{n}@example.org"), "en", new, "")))
            .collect();
        let list = HEADER.to_owned() + &rows;
        let version = scene.read(&house, ScopeMode::Full, &list).await;
        let freezing = async {
            for _ in 0..round * 30 {
                freeze::step(&house.app).await.unwrap();
            }
            for _ in 0..400 {
                // A transaction that lost against the other is retried, as senders do.
                if matches!(freeze::step(&house.app).await, Ok(false)) {
                    break;
                }
            }
        };
        let activating = async {
            let frozen = format!(
                "select count(*) from campaign_freeze where campaign_id = '{}' and done",
                campaign.uuid()
            );
            while house.number(&frozen).await < i64::from(round) * 9 {}
            scene.activate(&house, version).await;
        };
        tokio::join!(freezing, activating);
        freeze_all(&house).await;
        let all = frozen_of_one_version(&house, campaign, old, round).await;
        match stands(&house, campaign).await.0 {
            CampaignStatus::Paused => void += 1,
            CampaignStatus::Sending => {
                assert_eq!(all, 150);
                whole += 1;
            }
            other => panic!("{other}"),
        }
        hold::cancel(&house.app, scene.comms, campaign)
            .await
            .unwrap();
        house.send_all().await;
    }
    println!("of 8 campaigns {void} were void, {whole} were frozen whole");
    assert!(void > 0, "the two never met");
}
