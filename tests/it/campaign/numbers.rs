//! Campaigns of one template are told apart everywhere they are named; sentences about one person are in the singular.

use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, hold, launch};
use candor::id::CampaignId;
use candor::staff::StaffRole::{Auditor, Comms};
use chrono::TimeDelta;
use serde_json::Value;

use crate::client::Site;
use crate::house::House;
use crate::html::has;
use crate::people::{BODY, Scene, list};

async fn resumed_without_a_canary(house: &House, scene: &Scene, campaign: CampaignId) {
    hold::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    let raw = house.raw().await;
    let detail: String = raw
        .query_one(
            "select detail::text from audit_event where action = 'campaign.resume'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(
        serde_json::from_str::<Value>(&detail).unwrap(),
        serde_json::json!({})
    );
}

/// Launches the second campaign and pauses it; how pages name it from then on.
async fn launched_and_paused(house: &House, scene: &Scene, campaign: CampaignId) -> String {
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    hold::pause(
        &house.app,
        candor::actor::Actor::Staff(scene.comms),
        campaign,
        Some("wait"),
    )
    .await
    .unwrap();
    let launched = format!(
        "no. 2, initial, launched {} UTC",
        house.app.now().format("%-d %b %Y, %H:%M")
    );
    launched
}

/// Two drafts of one template, seven minutes apart.
async fn two_drafts(house: &House, scene: &Scene) -> Vec<CampaignId> {
    let template = scene.template(house, "Nova first notice", BODY).await;
    let new = NewCampaign {
        incident: scene.incident,
        template,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let mut drafts = Vec::new();
    for _ in 0..2 {
        drafts.push(launch::create(&house.app, scene.comms, &new).await.unwrap());
        house.app.clock.advance(TimeDelta::minutes(7));
    }
    drafts
}

/// Review 6a, rows 18 (resume), 19 and 20 (one person).
#[tokio::test(flavor = "multi_thread")]
async fn campaigns_of_one_template_have_numbers_wherever_they_are_named() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name")).await;
    let drafts = two_drafts(&house, &scene).await;
    let begun = house.app.now() - TimeDelta::minutes(14);
    let name = format!("Initial notice of {}", begun.format("%-d %B"));
    let drafted = |n: i32| {
        let at = begun + TimeDelta::minutes(i64::from(7 * (n - 1)));
        format!(
            "no. {n}, initial, drafted {} UTC",
            at.format("%-d %b %Y, %H:%M")
        )
    };
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    for at in ["/console/campaigns", "/console/incidents/sundmere"] {
        let page = comms.page(at);
        has(&page, &drafted(1));
        has(&page, &drafted(2));
    }
    has(
        &comms.page(&format!("/console/campaigns/{}", drafts[1])),
        &drafted(2),
    );
    let hash = launch::submit(&house.app, scene.comms, drafts[1]).await;
    launch::approve(&house.app, scene.approver, drafts[1], &hash.unwrap())
        .await
        .unwrap();
    has(
        &comms.page("/console"),
        &format!(
            "Theft of data: “{name}” ({}) is approved and not launched.",
            drafted(2)
        ),
    );
    let page = comms.page(&format!("/console/campaigns/{}", drafts[1]));
    has(&page, "A message goes out to 1 person.");
    assert!(!page.contains("1 people"), "{page}");
    let launched = launched_and_paused(&house, &scene, drafts[1]).await;
    let page = comms.page("/console");
    has(&page, &format!("“{name}” ({launched}) is paused: wait."));
    has(
        &comms.page(&format!("/console/campaigns/{}/notices", drafts[1])),
        &format!("{name} ({launched})"),
    );
    // It has no canary: none passed, and none failed.
    resumed_without_a_canary(&house, &scene, drafts[1]).await;
    let auditor = site.signed_in("aud", &[Auditor]).await;
    has(&auditor.page("/console/incidents/sundmere"), &launched);
}
