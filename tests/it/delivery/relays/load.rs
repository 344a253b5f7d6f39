//! The helpline's load as pacing measures it.

use candor::campaign::{CampaignKind, review, store};
use candor::id::CampaignId;
use candor::person::find::{Clue, find};
use candor::ticket::intake;

use crate::house::House;
use crate::people::{Scene, list};

/// A person asks on the helpline.
async fn ask(house: &House, scene: &Scene, reference: &str) {
    let clue = Clue::Reference(reference.to_owned());
    let found = find(&house.app, scene.incident, &clue).await.unwrap();
    intake::ask(
        &house.app,
        scene.incident,
        found[0].id,
        "",
        "What was taken?",
    )
    .await
    .unwrap();
}

/// Percentage and reason of a campaign's pace after a review.
async fn reviewed(house: &House, campaign: CampaignId) -> (i16, Option<String>) {
    review::all(&house.app).await.unwrap();
    let mut conn = house.app.db.get().await.unwrap();
    let pace = store::pace(&mut conn, campaign).await.unwrap().unwrap();
    (pace.percent, pace.reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_beyond_a_thousand_holds_a_campaign_whose_limit_is_beyond_a_thousand() {
    let house = House::with("[pacing]\nhold_at_waiting = 1500").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    ask(&house, &scene, "R-00000").await;
    let paced = async |more: i32| {
        house
            .sql(&format!(
                "insert into ticket
                 select (jsonb_populate_record(null::ticket, to_jsonb(t) || jsonb_build_object(
                     'id', gen_random_uuid(), 'number', left(gen_random_uuid()::text, 20)))).*
                 from (select * from ticket limit 1) t, generate_series(1, {more})"
            ))
            .await;
        reviewed(&house, campaign).await
    };
    assert_eq!(
        paced(1_199).await,
        (
            20,
            Some("It goes at 20 %: people wait on the helpline.".to_owned())
        )
    );
    let held = (
        0,
        Some("It holds: 1500 or more people wait on the helpline.".to_owned()),
    );
    assert_eq!(paced(400).await, held);
    // Later the figure has changed, and the reason is still true.
    assert_eq!(paced(700).await, held);
    let decided = "select count(*) from audit_event where action = 'campaign.pace'";
    assert_eq!(house.number(decided).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_follows_when_another_limit_holds_at_the_same_percentage() {
    let house = House::with("[pacing]\nhold_at_waiting = 2\nhold_at_minutes = 60").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    for reference in ["R-00000", "R-00001"] {
        ask(&house, &scene, reference).await;
    }
    let reason = async || {
        let (percent, reason) = reviewed(&house, campaign).await;
        assert_eq!(percent, 0);
        reason.unwrap()
    };
    assert_eq!(
        reason().await,
        "It holds: 2 or more people wait on the helpline."
    );
    house.app.clock.advance(chrono::TimeDelta::minutes(61));
    let first = "(select id from ticket order by id limit 1)";
    house
        .sql(&format!(
            "update ticket set status = 'open', assignee = (select id from staff limit 1),
                lease_until = now() + interval '1 day' where id = {first}"
        ))
        .await;
    assert_eq!(
        reason().await,
        "It holds: the first in line has waited 60 minutes or longer for the helpline."
    );
}
