//! What prevents closing, dismissing, monitoring and forgetting.

use candor::campaign::{CampaignKind, UncertainPolicy, hold, launch};
use candor::erasure::ForgetError;
use candor::id::{CampaignId, StaffId};
use candor::incident::IncidentState::{
    Closed, Confirmed, Dismissed, Monitoring, Notifying, Scoping,
};
use candor::incident::open::Untold;
use candor::incident::steer::SteerError;
use candor::person::find::{Clue, find};
use candor::scope::import::{Source, import};
use candor::scope::{ScopeMode, activate};
use candor::staff::StaffRole;
use candor::ticket::agent::{self, Seen};
use candor::ticket::{Then, TicketResolution, TicketStatus, intake};
use serde_json::json;

use super::{forget_it, go, go_through, reasons};
use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

/// Two people with an address, one without, one withheld.
pub(super) const PEOPLE: &str = "reference,email,flags,elements\n\
    A,a@example.org,,name\nB,b@example.org,,name\nC,,,name\nD,d@example.org,hold,name\n";

async fn draft_of_a_list(house: &House, scene: &Scene, csv: &str) -> i32 {
    let source = Source::File(std::io::Cursor::new(csv.to_owned().into_bytes()));
    let mode = ScopeMode::Full;
    import(
        &house.app,
        scene.comms,
        scene.incident,
        mode,
        source,
        |_| {},
    )
    .await
    .unwrap()
    .version
}

async fn solve(house: &House, scene: &Scene) {
    let solved = Then {
        resolution: Some(TicketResolution::Answered),
        ..Then::to(TicketStatus::Solved)
    };
    while let Some(ticket) = agent::take_next(&house.app, scene.comms).await.unwrap() {
        let seen = Seen::of(&ticket);
        agent::reply(
            &house.app,
            scene.comms,
            ticket.id,
            seen,
            "Here it is.",
            &solved,
        )
        .await
        .unwrap();
    }
}

/// A campaign, a question of a person, and a draft of a list.
async fn begin_everything(house: &House, scene: &Scene) -> (CampaignId, i32) {
    let app = &house.app;
    let campaign = scene.launched(house, CampaignKind::Initial).await;
    let clue = Clue::Reference("A".to_owned());
    let person = find(app, scene.incident, &clue).await.unwrap().remove(0).id;
    intake::ask(app, scene.incident, person, "", "What of mine was taken?")
        .await
        .unwrap();
    let second = draft_of_a_list(house, scene, PEOPLE).await;
    (campaign, second)
}

/// Monitoring begins only with a consent to the numbers of people who are not told.
async fn monitored_with_a_consent(house: &House, scene: &Scene) {
    let untold = Untold {
        in_progress: 2,
        needs_letter: 1,
        ..Untold::default()
    };
    let silent = go(house, scene, Monitoring, None).await;
    assert!(
        matches!(silent, Err(SteerError::NotTold(left)) if left == untold),
        "{silent:?}"
    );
    let fewer = Untold {
        in_progress: 1,
        ..untold
    };
    let outdated = go(house, scene, Monitoring, Some(fewer)).await;
    assert!(matches!(outdated, Err(SteerError::NotTold(_))));
    go(house, scene, Monitoring, Some(untold)).await.unwrap();
    let agreed = "select count(*) from audit_event where action = 'incident.move' \
        and detail::jsonb->'untold' = '{\"in_progress\": 2, \"needs_letter\": 1, \"told_too_little\": 0, \
        \"told_too_much\": 0}'";
    assert_eq!(house.number(agreed).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_l11_an_incident_is_monitored_with_a_consent_and_closed_when_everything_is_over() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let app = &house.app;
    go_through(&house, &scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(&house, PEOPLE).await;

    monitored_with_a_consent(&house, &scene).await;

    let (campaign, second) = begin_everything(&house, &scene).await;
    assert_eq!(
        reasons(go(&house, &scene, Closed, None).await),
        [
            "2 people are in progress: not told yet",
            "1 person needs a letter",
            "1 campaign is under way: let it end, or cancel it",
            "1 ticket is open",
            "1 message waits in the outbox",
            "1 list waits as a draft: activate or discard it",
        ]
    );
    let site = Site::open(app).await;
    let program = site.program(&[StaffRole::Comms]).await;
    let body = json!({ "to": "closed", "version": super::version(&house, scene.incident).await });
    let refused = program.post("/incidents/sundmere/state", &body);
    assert_eq!(
        (refused.status, &refused.json()["open"]["in_progress"]),
        (409, &json!(2))
    );
    assert_eq!(refused.json()["open"]["withheld"], 1);

    house.send_all().await;
    solve(&house, &scene).await;
    house.send_all().await;
    activate::discard(app, scene.comms, scene.incident, second)
        .await
        .unwrap();
    assert_eq!(
        reasons(go(&house, &scene, Closed, None).await),
        ["1 person needs a letter"]
    );
    // The next list no longer names the person without an address.
    let told = PEOPLE.replace("C,,,name\n", "");
    scene.import(&house, &told).await;
    go(&house, &scene, Closed, None).await.unwrap();
    let withheld = "select sum(n) from account_count where standing = 'withheld'";
    assert_eq!(
        house.number(withheld).await,
        1,
        "who is withheld does not block"
    );
    assert!(
        hold::cancel(app, scene.comms, campaign).await.is_err(),
        "it was over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_reopened_incident_stays_public_while_status_pages_link_there() {
    let (house, scene, site) = Scene::open("").await;
    go_through(&house, &scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(&house, &list(1, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    go_through(&house, &scene, &[Monitoring, Closed, Scoping]).await;
    let browser = site.browser();
    assert_eq!(browser.get("/incidents/sundmere").status, 200);
    assert!(browser.get("/").body.contains("/incidents/sundmere"));
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_suspected_incident_with_a_campaign_is_public_and_not_dismissed_before_that_is_over() {
    let (house, scene, site) = Scene::open("").await;
    go_through(&house, &scene, &[Confirmed, Scoping]).await;
    scene.import(&house, &list(1, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    // An incident in which people were told before it was confirmed, which was possible in earlier versions.
    house.sql("update incident set state = 'suspected'").await;
    assert_eq!(site.browser().get("/incidents/sundmere").status, 200);
    assert_eq!(
        reasons(go(&house, &scene, Dismissed, None).await),
        ["1 campaign is under way: let it end, or cancel it"]
    );
    hold::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    go(&house, &scene, Dismissed, None).await.unwrap();
    let page = site.browser().get("/incidents/sundmere");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("it was not a breach") && !page.body.contains("we write to you"));
}

/// The import of a dead process holds no lock any more, and does not prevent closing.
async fn an_import_at_work_prevents_it(house: &House, scene: &Scene, admin: StaffId) {
    house
        .sql(
            "insert into scope_version (incident_id, version, mode, status, created_by, created_at) \
             select id, 9, 'full', 'importing', created_by, now() from incident",
        )
        .await;
    let importing = house.raw().await;
    let lock = candor::scope::store::try_lock_session(&importing, scene.incident).await;
    assert!(lock.unwrap());
    let running = forget_it(house, admin, scene).await;
    let said = format!("{}", running.unwrap_err());
    assert!(said.contains("1 list is being imported"), "{said}");
    drop(importing);
    while house
        .number("select count(*) from pg_locks where locktype = 'advisory' and objsubid = 1 \
                 and database = (select oid from pg_database where datname = current_database()) \
                 and pid in (select pid from pg_stat_activity where query like '%pg_try_advisory_lock(%')")
        .await
        > 0
    {
        tokio::task::yield_now().await;
    }
}

/// A draft of a campaign and a submitted one, a question of a person, and a draft of a list.
async fn draft_everything(house: &House, scene: &Scene) -> ([CampaignId; 2], i32) {
    let app = &house.app;
    let draft = scene
        .draft(house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let waits = scene
        .draft(house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    launch::submit(app, scene.comms, waits).await.unwrap();
    let clue = Clue::Reference("R-00000".to_owned());
    let person = find(app, scene.incident, &clue).await.unwrap().remove(0).id;
    intake::ask(app, scene.incident, person, "", "Who has my data now?")
        .await
        .unwrap();
    let second = draft_of_a_list(house, scene, &list(4, "name")).await;
    ([draft, waits], second)
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_forgetting_waits_for_campaigns_messages_lists_and_tickets_and_cancels_drafts() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let (app, admin) = (&house.app, house.staff(&["admin"]).await);
    go_through(&house, &scene, &[Confirmed, Scoping]).await;
    scene.import(&house, &list(3, "name")).await;
    let ([draft, waits], second) = draft_everything(&house, &scene).await;
    // Such an incident can no longer be dismissed by a move. In a closed incident, people in progress would prevent
    // forgetting too.
    house.sql("update incident set state = 'dismissed'").await;

    let refused = forget_it(&house, admin, &scene).await;
    let Err(ForgetError::StillOpen { reasons, open }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        reasons,
        [
            "1 campaign is under way: let it end, or cancel it",
            "1 ticket is open",
            "1 message waits in the outbox",
            "1 list waits as a draft: activate or discard it",
        ]
    );
    assert_eq!(open.drafts, 1);
    let kept = "select count(*) from incident where wrapped_key is not null";
    assert_eq!(house.number(kept).await, 1);

    an_import_at_work_prevents_it(&house, &scene, admin).await;

    hold::cancel(app, scene.comms, waits).await.unwrap();
    solve(&house, &scene).await;
    house.send_all().await;
    activate::discard(app, scene.comms, scene.incident, second)
        .await
        .unwrap();
    forget_it(&house, admin, &scene).await.unwrap();
    let status = format!(
        "select count(*) from campaign where id = '{}' and status = 'cancelled' and status_reason is not null",
        draft.uuid()
    );
    assert_eq!(house.number(&status).await, 1);
    let noted = "select count(*) from audit_event where action = 'incident.forget' \
        and detail::jsonb->>'drafts_cancelled' = '1'";
    assert_eq!(house.number(noted).await, 1);
    assert_eq!(
        house
            .number("select count(*) from scope_version where status = 'importing'")
            .await,
        0
    );
}
