//! Launches by the clock: once, at their time, with all checks of a launch.

mod forms;

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::{Campaign, CampaignKind, CampaignStatus, Schedule, UncertainPolicy};
use candor::campaign::{change, draft, hold, schedule, store};
use candor::id::CampaignId;
use candor::incident::Facts;
use candor::shutdown::Shutdown;
use candor::staff::StaffRole::Comms;
use candor::worker;
use candor::zone::Zone;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::house::House;
use crate::html::{has, lacks};
use crate::people::{Scene, list};

/// How often each pair races.
const ROUNDS: u32 = 12;

async fn found(house: &House, id: CampaignId) -> Campaign {
    store::find(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
}

async fn opened() -> (House, Scene) {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name;ssn")).await;
    (house, scene)
}

fn berlin() -> Zone {
    Zone::parse("Europe/Berlin").unwrap()
}

async fn set(
    house: &House,
    scene: &Scene,
    id: CampaignId,
    at: DateTime<Utc>,
) -> Result<Vec<String>, CampaignError> {
    let (zone, by) = (berlin(), scene.comms);
    schedule::schedule(&house.app, id, Schedule { at, zone, by }, true).await
}

/// An approved campaign that is launched in this time.
async fn scheduled(house: &House, scene: &Scene, ahead: TimeDelta) -> CampaignId {
    let id = scene.approved(house).await;
    set(house, scene, id, house.app.now() + ahead)
        .await
        .unwrap();
    id
}

async fn acts(house: &House, id: CampaignId, action: &str) -> i64 {
    let sql =
        format!("select count(*) from audit_event where action = '{action}' and subject = '{id}'");
    house.number(&sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_launch_a_due_campaign_once_and_none_before_its_time() {
    let (house, scene) = opened().await;
    for round in 1..=ROUNDS {
        let id = scheduled(&house, &scene, TimeDelta::minutes(2)).await;
        schedule::launch_due(&house.app).await.unwrap();
        assert_eq!(found(&house, id).await.status, CampaignStatus::Scheduled);
        house.app.clock.advance(TimeDelta::minutes(2));
        let (one, other) = tokio::join!(
            schedule::launch_due(&house.app),
            schedule::launch_due(&house.app),
        );
        one.unwrap();
        other.unwrap();
        let now = found(&house, id).await;
        assert_eq!(now.status, CampaignStatus::Sending);
        assert_eq!(acts(&house, id, "campaign.launch").await, 1);
        let parts = house.number("select count(*) from campaign_freeze").await;
        assert_eq!(parts, i64::from(round) * 64);
        hold::cancel(&house.app, scene.comms, id).await.unwrap();
    }
    let by_clock = "select count(*) from audit_event where action = 'campaign.launch'
        and actor = 'system:schedule' and detail::jsonb ? 'scheduled_by'";
    assert_eq!(house.number(by_clock).await, i64::from(ROUNDS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_down_launches_it_when_it_is_back_and_the_page_says_so() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let due = "2026-11-24T01:00:00Z".parse().unwrap();
    let id = scene.approved(&house).await;
    set(&house, &scene, id, due).await.unwrap();
    let comms = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}");
    has(
        &comms.page(&page),
        "Candor launches it on Tuesday 24 November 2026, 02:00 Europe/Berlin (UTC+01:00). Somebody scheduled it.",
    );
    // No node runs from 10:00 to 02:07.
    house
        .app
        .clock
        .advance(due + TimeDelta::minutes(7) - house.app.now());
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(2), &shutdown);
    house
        .until(
            "the launch",
            "select count(*) from campaign where launched_at is not null",
        )
        .await;
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(std::time::Duration::from_secs(20)).await);
    assert_eq!(house.mail.sent().len(), 3);
    // The session of before ended in the meantime.
    let comms = site.signed_in("Later", &[Comms]).await;
    let words = "Due Tuesday 24 November 2026, 02:00 Europe/Berlin (UTC+01:00), launched 02:07.";
    has(&comms.page(&page), words);
    assert_eq!(acts(&house, id, "campaign.launch").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_launch_that_is_refused_at_its_time_says_why_and_waits_for_staff() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let id = scheduled(&house, &scene, TimeDelta::minutes(2)).await;
    let facts = Facts::from([("contact_phone".to_owned(), "555-0199".to_owned())]);
    scene.edit_facts(&house, "Theft of data", &facts).await;
    house.app.clock.advance(TimeDelta::minutes(3));
    schedule::launch_due(&house.app).await.unwrap();
    let now = found(&house, id).await;
    assert_eq!(now.status, CampaignStatus::Approved);
    assert!(now.launched_at.is_none() && now.schedule.is_none());
    let comms = site.signed_in("Comms", &[Comms]).await;
    let shown = comms.page(&format!("/console/campaigns/{id}"));
    has(
        &shown,
        "It was not launched at its time: the approval is void: the fact “contact_phone” changed",
    );
    has(
        &comms.page("/console"),
        "has changed since it was submitted. Submit it again.",
    );
    // Once it is as it was approved, what is left is the launch.
    let facts = Facts::from([("contact_phone".to_owned(), "555-0142".to_owned())]);
    scene.edit_facts(&house, "Theft of data", &facts).await;
    has(
        &comms.page("/console"),
        "was not launched at its time: the approval is void",
    );
    launch::launch(&house.app, scene.comms, id).await.unwrap();
    lacks(&comms.page("/console"), "was not launched at its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_by_the_clock_needs_the_account_that_scheduled_it() {
    let (house, scene) = opened().await;
    let id = scheduled(&house, &scene, TimeDelta::minutes(2)).await;
    let by = scene.comms.uuid();
    house
        .sql(&format!(
            "update staff set disabled_at = now() where id = '{by}'"
        ))
        .await;
    house.app.clock.advance(TimeDelta::minutes(2));
    schedule::launch_due(&house.app).await.unwrap();
    let now = found(&house, id).await;
    assert_eq!(now.status, CampaignStatus::Approved);
    has(
        &now.status_reason.unwrap(),
        "the account that scheduled it is disabled",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_cancelled_as_it_comes_due_ends_in_one_of_the_two() {
    let (house, scene) = opened().await;
    for _ in 0..ROUNDS {
        let id = scheduled(&house, &scene, TimeDelta::minutes(2)).await;
        house.app.clock.advance(TimeDelta::minutes(2));
        let (cancelled, due) = tokio::join!(
            schedule::unschedule(&house.app, scene.approver, id),
            schedule::launch_due(&house.app),
        );
        due.unwrap();
        let now = found(&house, id).await;
        let launches = acts(&house, id, "campaign.launch").await;
        match cancelled {
            Ok(()) => assert_eq!((now.status, launches), (CampaignStatus::Approved, 0)),
            Err(CampaignError::IllegalMove { .. }) => {
                assert_eq!((now.status, launches), (CampaignStatus::Sending, 1));
            }
            Err(other) => panic!("{other:?}"),
        }
        hold::cancel(&house.app, scene.comms, id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_schedules_of_one_version_one_is_set() {
    let (house, scene) = opened().await;
    for _ in 0..ROUNDS {
        let id = scene.approved(&house).await;
        let version = found(&house, id).await.version;
        let one = |minutes| {
            let at = house.app.now() + TimeDelta::minutes(minutes);
            let (zone, by) = (berlin(), scene.comms);
            let seen = launch::Seen::at(id, Some(version));
            schedule::schedule(&house.app, seen, Schedule { at, zone, by }, true)
        };
        let (five, six) = tokio::join!(one(5), one(6));
        let at = found(&house, id).await.schedule.unwrap().at - house.app.now();
        match (&five, &six) {
            (Ok(_), Err(CampaignError::Changed(_))) => assert_eq!(at.num_minutes(), 5),
            (Err(CampaignError::Changed(_)), Ok(_)) => assert_eq!(at.num_minutes(), 6),
            other => panic!("{other:?}"),
        }
        hold::cancel(&house.app, scene.comms, id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_back_or_cancelled_campaign_is_not_launched_by_the_clock() {
    let (house, scene) = opened().await;
    let back = scheduled(&house, &scene, TimeDelta::minutes(2)).await;
    let cancelled = scheduled(&house, &scene, TimeDelta::minutes(2)).await;
    launch::take_back(&house.app, scene.comms, back)
        .await
        .unwrap();
    hold::cancel(&house.app, scene.comms, cancelled)
        .await
        .unwrap();
    house.app.clock.advance(TimeDelta::hours(1));
    schedule::launch_due(&house.app).await.unwrap();
    let now = found(&house, back).await;
    assert_eq!((now.status, now.schedule), (CampaignStatus::Draft, None));
    assert_eq!(
        found(&house, cancelled).await.status,
        CampaignStatus::Cancelled
    );
    // A second approval of a scheduled campaign is no move.
    let again = scheduled(&house, &scene, TimeDelta::minutes(2)).await;
    let hash = candor::seal::to_hex(&found(&house, again).await.approved_hash.unwrap());
    let refused = launch::approve(&house.app, scene.approver, again, &hash).await;
    assert!(
        matches!(refused, Err(CampaignError::IllegalMove { .. })),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_the_time_of_the_launch_is_approved_where_the_draft_has_one() {
    let (house, scene) = opened().await;
    let id = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let at = house.app.now() + TimeDelta::hours(3);
    let mut new = draft::as_draft(&found(&house, id).await);
    new.limits.launch_at = Some(at);
    draft::edit_named(&house.app, scene.comms, id, None, &new)
        .await
        .unwrap();
    scene.approve(&house, id).await;
    let early = launch::launch(&house.app, scene.comms, id).await;
    assert!(
        matches!(early, Err(CampaignError::TooEarly(_))),
        "{early:?}"
    );
    let other = set(&house, &scene, id, at + TimeDelta::minutes(1)).await;
    let said = other.unwrap_err().to_string();
    has(
        &said,
        "approved for a launch at Monday 23 November 2026, 12:00 UTC",
    );
    set(&house, &scene, id, at).await.unwrap();
    for (limits, word) in [
        (
            json!({ "rate_per_second": 0, "launch_at": at + TimeDelta::hours(1) }),
            "schedule",
        ),
        (
            json!({ "rate_per_second": 0, "launch_at": at,
                "quiet": { "from": "22:00", "to": "08:00", "zone": "UTC" } }),
            "quiet_hours",
        ),
        (json!({ "rate_per_second": 7, "launch_at": at }), "rate"),
    ] {
        house
            .sql(&format!("update campaign set limits = '{limits}'"))
            .await;
        let void = launch::launch(&house.app, scene.comms, id).await;
        let Err(CampaignError::ApprovalVoid(changed)) = void else {
            panic!("{word}: {void:?}");
        };
        let words: Vec<_> = changed.iter().map(change::Change::word).collect();
        assert_eq!(words, [word]);
    }
    house.app.clock.advance(TimeDelta::hours(3));
    let right = json!({ "rate_per_second": 0, "launch_at": at });
    house
        .sql(&format!("update campaign set limits = '{right}'"))
        .await;
    schedule::launch_due(&house.app).await.unwrap();
    assert_eq!(found(&house, id).await.status, CampaignStatus::Sending);
}
