//! What a dead sender leaves, and a relay that is away.

use super::*;

/// The state that a sender leaves when it is killed after DATA: a leased batch with an expired lease, and an attempt
/// that has begun.
async fn killed_sender(house: &House, scene: &Scene, policy: UncertainPolicy) -> CampaignId {
    scene.import(house, &list(5, "name")).await;
    let campaign = scene.draft(house, CampaignKind::Initial, policy).await;
    scene.launch(house, campaign).await;
    house.freeze_all().await;
    house
        .sql(
            "update batch set status = 'leased', fence = 1, leased_by = 'dead', lease_until = now() - interval '1 s'; \
             insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, at) \
             select bucket, id, 1, false, campaign_id, 'in_flight', 'memory', now() from notice order by id limit 1",
        )
        .await;
    house.send_all().await;
    campaign
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_sender_began_is_found_counted_and_sent_again() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let campaign = killed_sender(&house, &scene, UncertainPolicy::Resend).await;
    assert_eq!(progress(&house, campaign).await.of(NoticeStatus::Sent), 5);
    assert_eq!(received(&house).len(), 5);
    assert_eq!(
        house
            .number("select count(*) from outcome where result = 'uncertain'")
            .await,
        1
    );
    let ids: std::collections::BTreeSet<_> = house
        .mail
        .sent()
        .iter()
        .map(|l| l.message_id.clone())
        .collect();
    assert_eq!(ids.len(), 5, "one Message-ID a notice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_sender_began_stays_uncertain_if_so_approved() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let campaign = killed_sender(&house, &scene, UncertainPolicy::Leave).await;
    let got = progress(&house, campaign).await;
    assert_eq!(
        (got.of(NoticeStatus::Sent), got.of(NoticeStatus::Uncertain)),
        (4, 1)
    );
    assert_eq!(received(&house).len(), 4);
    assert_eq!(status(&house, campaign).await, CampaignStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_away_costs_no_notice() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    house.mail.set_away(true);
    house.freeze_all().await;
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(2), &shutdown);
    tokio::time::sleep(Duration::from_millis(600)).await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    assert_eq!(
        house.number("select count(*) from outcome").await,
        0,
        "no attempt is burnt"
    );
    let got = progress(&house, campaign).await;
    assert_eq!(got.of(NoticeStatus::Queued), 20, "{got:?}");

    house.mail.set_away(false);
    house.send_all().await;
    assert_eq!(received(&house).len(), 20);
}
