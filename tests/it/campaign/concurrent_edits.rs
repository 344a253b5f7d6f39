//! P9, no lost update, in a comms team: two people act on one campaign at once.

use candor::campaign::hold;
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::{self, NewCampaign};
use candor::campaign::{Audience, Campaign, CampaignKind, CampaignStatus, Limits, UncertainPolicy};
use candor::id::CampaignId;

use crate::house::House;
use crate::people::{Scene, list};

/// Each pair meets this often.
const ROUNDS: u32 = 12;

async fn found(house: &House, id: CampaignId) -> Campaign {
    let mut conn = house.app.db.get().await.unwrap();
    store::find(&mut conn, id).await.unwrap()
}

/// The draft with another pace.
fn paced(draft: &Campaign, rate_per_second: u32) -> NewCampaign {
    NewCampaign {
        incident: draft.incident,
        template: draft.template,
        template_version: draft.template_version,
        kind: draft.kind,
        audience: Audience::default(),
        limits: Limits {
            rate_per_second,
            ..Limits::default()
        },
        on_uncertain: draft.on_uncertain,
    }
}

async fn actions(house: &House, id: CampaignId, action: &str) -> i64 {
    let sql = "select count(*) from audit_event where action = '{action}' and subject = '{id}'";
    let sql = sql
        .replace("{action}", action)
        .replace("{id}", &id.to_string());
    house.number(&sql).await
}

async fn scene() -> (House, Scene) {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name;ssn")).await;
    (house, scene)
}

async fn draft(house: &House, scene: &Scene) -> CampaignId {
    scene
        .draft(house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await
}

async fn approved(house: &House, scene: &Scene) -> CampaignId {
    let (app, id) = (&house.app, draft(house, scene).await);
    let hash = launch::submit(app, scene.comms, id).await.unwrap();
    launch::approve(app, scene.approver, id, &hash)
        .await
        .unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_edits_of_one_draft_the_second_is_told_that_it_changed() {
    let (house, scene) = scene().await;
    for _ in 0..ROUNDS {
        let id = draft(&house, &scene).await;
        let seen = found(&house, id).await;
        let (mine, theirs) = (paced(&seen, 7), paced(&seen, 9));
        let edit = |new| launch::edit(&house.app, scene.comms, id, seen.version, new);
        let (mine, theirs) = tokio::join!(edit(&mine), edit(&theirs));
        let kept = found(&house, id).await.limits.rate_per_second;
        match (&mine, &theirs) {
            (Ok(()), Err(CampaignError::Changed)) => assert_eq!(kept, 7),
            (Err(CampaignError::Changed), Ok(())) => assert_eq!(kept, 9),
            other => panic!("{other:?}"),
        }
        assert_eq!(actions(&house, id, "campaign.edit").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_what_is_submitted_is_what_an_edit_at_the_same_moment_left_or_did_not_reach() {
    let (house, scene) = scene().await;
    for _ in 0..ROUNDS {
        let id = draft(&house, &scene).await;
        let seen = found(&house, id).await;
        let slow = paced(&seen, 7);
        let (edited, submitted) = tokio::join!(
            launch::edit(&house.app, scene.comms, id, seen.version, &slow),
            launch::submit(&house.app, scene.comms, id),
        );
        let hash = submitted.unwrap();
        let now = found(&house, id).await;
        let submitted = now.content.clone().unwrap();
        match edited {
            Ok(()) => assert!(submitted.contains("\"rate_per_second\":7"), "{submitted}"),
            Err(CampaignError::NotADraft) => assert_eq!(now.limits.rate_per_second, 0),
            Err(other) => panic!("{other:?}"),
        }
        // It is what would be sent, so that it can be approved as it is.
        launch::approve(&house.app, scene.approver, id, &hash)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_an_approval_and_a_taking_back_at_once_end_in_one_of_the_two() {
    let (house, scene) = scene().await;
    for _ in 0..ROUNDS {
        let id = draft(&house, &scene).await;
        let hash = launch::submit(&house.app, scene.comms, id).await.unwrap();
        let (approved, taken) = tokio::join!(
            launch::approve(&house.app, scene.approver, id, &hash),
            launch::take_back(&house.app, scene.comms, id),
        );
        // An approved campaign can be taken back as well, so taking back always succeeds.
        taken.unwrap();
        let now = found(&house, id).await;
        assert_eq!(now.status, CampaignStatus::Draft);
        assert!(now.approved_hash.is_none());
        let legal = match approved {
            Ok(()) => 1,
            Err(CampaignError::IllegalMove { .. }) => 0,
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(actions(&house, id, "campaign.approve").await, legal);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_campaign_that_two_people_launch_at_once_is_launched_once() {
    let (house, scene) = scene().await;
    for _ in 0..ROUNDS {
        let id = approved(&house, &scene).await;
        let (one, other) = tokio::join!(
            launch::launch(&house.app, scene.comms, id),
            launch::launch(&house.app, scene.approver, id),
        );
        let refused =
            |end: &Result<(), CampaignError>| matches!(end, Err(CampaignError::IllegalMove { .. }));
        assert!(
            one.is_ok() && refused(&other) || other.is_ok() && refused(&one),
            "{one:?} {other:?}"
        );
        assert_eq!(actions(&house, id, "campaign.launch").await, 1);
    }
    let parts = "select count(*) from campaign_freeze";
    assert_eq!(house.number(parts).await, i64::from(ROUNDS) * 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_paused_resumed_and_cancelled_at_once_a_campaign_stays_cancelled() {
    let (house, scene) = scene().await;
    for _ in 0..ROUNDS {
        let id = approved(&house, &scene).await;
        launch::launch(&house.app, scene.comms, id).await.unwrap();
        let by = candor::actor::Actor::Staff(scene.comms);
        let (paused, resumed, cancelled) = tokio::join!(
            hold::pause(&house.app, by, id, Some("to look")),
            hold::resume(&house.app, scene.approver, id),
            hold::cancel(&house.app, scene.approver, id),
        );
        cancelled.unwrap();
        assert_eq!(found(&house, id).await.status, CampaignStatus::Cancelled);
        let done = [(paused, "campaign.pause"), (resumed, "campaign.resume")];
        for (end, action) in done {
            let written = actions(&house, id, action).await;
            match end {
                Ok(()) => assert_eq!(written, 1, "{action}"),
                Err(CampaignError::IllegalMove { .. }) => assert_eq!(written, 0, "{action}"),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}
